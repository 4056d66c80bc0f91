// Plain syntax on purpose: this must parse on any Node, so that an old one gets a sentence, not a stack.
var major = Number(process.versions.node.split(".")[0]);
if (major < 20) {
  console.error(
    "moiety needs Node.js 20 or newer; this is " +
      process.version +
      ". See https://nodejs.org/ for a current release.",
  );
  process.exit(1);
}
