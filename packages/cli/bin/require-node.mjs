// Plain syntax on purpose: this must parse on any Node, so that an old one gets a sentence, not a stack.
var version = process.versions.node.split(".");
var major = Number(version[0]);
if (major < 20 || (major === 20 && Number(version[1]) < 10)) {
  console.error(
    "moiety needs Node.js 20.10 or newer; this is " +
      process.version +
      ". See https://nodejs.org/ for a current release.",
  );
  process.exit(1);
}
