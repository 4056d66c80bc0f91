// Preloaded into a process (`NODE_OPTIONS=--import=…`): keeps a copy of every byte that passes
// between it and the world, as that process itself sees them, so inside TLS. One file each per socket
// and direction, for files that it reads and writes, and for sealed boxes that it opens, in the
// folder named by CANARY_TAP. It changes nothing of what the process does, and the product does not
// know of it. Plain JavaScript, because it must run before anything that could load TypeScript.
//
// File names: `<process>-<thread>-<n>.<kind>.<in|out>`, n alike for both directions of a socket. Kinds: tls, tcp, pipe (sockets), file, box.
import fs from "node:fs";
import { createRequire, syncBuiltinESMExports } from "node:module";
import net from "node:net";
import { join } from "node:path";
import tls from "node:tls";
import { fileURLToPath } from "node:url";
import { threadId } from "node:worker_threads";

const folder = process.env.CANARY_TAP;
if (folder === undefined) throw new Error("CANARY_TAP names the folder for what is captured");

const { openSync, writeSync } = fs;
let opened = 0;

/** An append-only capture file that is made when its first byte comes. Synchronous: survives a kill. */
function capture(kind, direction, number = ++opened) {
  let descriptor;
  return (bytes) => {
    if (bytes.length === 0) return;
    if (descriptor === undefined) {
      const name = `${process.pid}-${threadId}-${number}.${kind}.${direction}`;
      descriptor = openSync(join(folder, name), "ax", 0o600);
    }
    for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
  };
}

function toBytes(chunk, encoding) {
  if (typeof chunk === "string")
    return Buffer.from(chunk, encoding === "buffer" ? "utf8" : encoding);
  if (ArrayBuffer.isView(chunk))
    return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  return new Uint8Array(0);
}

// Sockets. What arrives goes through `push`, decrypted if it is TLS; what leaves through `_write(v)`.
const captures = new WeakMap();

function captureOf(socket, direction) {
  let both = captures.get(socket);
  if (both === undefined) {
    const handle = socket._handle?.constructor?.name;
    const kind = socket instanceof tls.TLSSocket ? "tls" : handle === "Pipe" ? "pipe" : "tcp";
    opened += 1;
    both = { in: capture(kind, "in", opened), out: capture(kind, "out", opened) };
    captures.set(socket, both);
  }
  return both[direction];
}

const { push, _write, _writev } = net.Socket.prototype;
net.Socket.prototype.push = function tappedPush(chunk, encoding) {
  if (chunk !== null) captureOf(this, "in")(toBytes(chunk, encoding));
  return push.call(this, chunk, encoding);
};
net.Socket.prototype._write = function tappedWrite(chunk, encoding, done) {
  captureOf(this, "out")(toBytes(chunk, encoding));
  return _write.call(this, chunk, encoding, done);
};
net.Socket.prototype._writev = function tappedWritev(chunks, done) {
  for (const { chunk, encoding } of chunks) captureOf(this, "out")(toBytes(chunk, encoding));
  return _writev.call(this, chunks, done);
};

// An HTTP server reads its sockets below JavaScript, unless somebody else seems to do so already.
const { emit } = net.Server.prototype;
net.Server.prototype.emit = function tappedEmit(event, ...args) {
  const [socket] = args;
  if ((event === "connection" || event === "secureConnection") && socket?._handle)
    socket._handle._consumed = true;
  return emit.call(this, event, ...args);
};

// Files that are read and written through `node:fs`. (The store maps its file into memory: the test
// reads that one from the disk. The program itself, its own text, is left out.)
const fileIn = capture("file", "in");
const fileOut = capture("file", "out");
const { read, readSync, readFileSync, write, writev, writeFileSync, appendFileSync } = fs;
const program = fileURLToPath(new URL("../..", import.meta.url));
fs.readFileSync = (...args) => {
  const content = readFileSync(...args);
  if (!String(args[0]).startsWith(program)) fileIn(toBytes(content, args[1]?.encoding ?? args[1]));
  return content;
};
fs.readSync = (descriptor, buffer, ...rest) => {
  const count = readSync(descriptor, buffer, ...rest);
  fileIn(toBytes(buffer)); // all of the buffer: offsets can be given in several ways
  return count;
};
fs.read = (...args) => {
  const done = args.pop();
  return read(...args, (error, count, buffer) => {
    if (buffer !== undefined) fileIn(toBytes(buffer));
    done(error, count, buffer);
  });
};
fs.write = (descriptor, chunk, ...rest) => {
  fileOut(toBytes(chunk));
  return write(descriptor, chunk, ...rest);
};
fs.writeSync = (descriptor, chunk, ...rest) => {
  fileOut(toBytes(chunk));
  return writeSync(descriptor, chunk, ...rest);
};
fs.writev = (descriptor, chunks, ...rest) => {
  for (const chunk of chunks) fileOut(toBytes(chunk));
  return writev(descriptor, chunks, ...rest);
};
for (const [name, original] of Object.entries({ writeFileSync, appendFileSync })) {
  fs[name] = (file, content, ...rest) => {
    fileOut(toBytes(content, rest[0]?.encoding));
    return original(file, content, ...rest);
  };
}
syncBuiltinESMExports();

// Sealed boxes: what a bureau receives in them is sealed again inside TLS.
const boxIn = capture("box", "in");
const nacl = createRequire(new URL("../../packages/crypto/package.json", import.meta.url))(
  "tweetnacl",
);
const { after } = nacl.box.open;
nacl.box.open.after = (...args) => {
  const message = after(...args);
  if (message !== null) boxIn(message);
  return message;
};
