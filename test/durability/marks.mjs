// Preloaded into a node under strace: makes what happens in JavaScript visible among its system calls.
// Each milestone, and each TLS write that carries an acknowledgement, is preceded by a write of its name to
// /dev/null: `milestone:<point>` and `said:<message>`. Messages are told by their MessagePack fields, as they
// stand in the plaintext; WebSocket frames of a listener are not masked.
import { subscribe } from "node:diagnostics_channel";
import { openSync, writeSync } from "node:fs";
import net from "node:net";
import tls from "node:tls";

const SAID = {
  stored: Buffer.from("\x81\xa5index\xc4\x04", "latin1"),
  accepted: Buffer.from("\x81\xa7receipt\xc4\x40", "latin1"),
  seal: Buffer.from("\x81\xa9signature\xc4\x40", "latin1"),
  objection: Buffer.from("\x81\xa9objection", "latin1"),
};

const nowhere = openSync("/dev/null", "w");
const mark = (text) => writeSync(nowhere, `${text}\n`);

subscribe("moiety.milestone", (name) => mark(`milestone:${name}`));

function markWhatIsIn(chunk) {
  if (!ArrayBuffer.isView(chunk)) return;
  const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  for (const [name, pattern] of Object.entries(SAID))
    for (let at = bytes.indexOf(pattern); at >= 0; at = bytes.indexOf(pattern, at + 1))
      mark(`said:${name}`);
}

const { _write, _writev } = net.Socket.prototype;
net.Socket.prototype._write = function markedWrite(chunk, encoding, done) {
  if (this instanceof tls.TLSSocket) markWhatIsIn(chunk);
  return _write.call(this, chunk, encoding, done);
};
net.Socket.prototype._writev = function markedWritev(chunks, done) {
  if (this instanceof tls.TLSSocket) for (const { chunk } of chunks) markWhatIsIn(chunk);
  return _writev.call(this, chunks, done);
};
