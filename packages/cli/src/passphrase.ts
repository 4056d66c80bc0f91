/** A passphrase from the person at the terminal: never shown, never an argument. */
import { SetupError } from "@moiety/node";
import { Interrupted } from "./interrupt.ts";

const CTRL_C = "\u0003";
const BACKSPACE = new Set(["\u007f", "\b"]);

/** Asks, twice if `confirm` is set. Throws `SetupError` where nobody is there to ask. */
export async function askPassphrase(confirm: boolean): Promise<string> {
  if (!process.stdin.isTTY)
    throw new SetupError("no terminal to ask for a passphrase: use --passphrase-file");
  const passphrase = await readHidden("Passphrase: ");
  if (confirm && (await readHidden("Once more: ")) !== passphrase)
    throw new SetupError("that was not the same twice");
  return passphrase;
}

function readHidden(prompt: string): Promise<string> {
  const { stdin, stderr } = process;
  stderr.write(prompt);
  stdin.setRawMode(true);
  stdin.setEncoding("utf8");
  stdin.resume();
  return new Promise((resolve, reject) => {
    let typed = "";
    const take = (text: string): void => {
      for (const character of text) {
        if (character === CTRL_C || character === "\r" || character === "\n") {
          end(
            character === CTRL_C
              ? () => reject(new Interrupted("interrupted"))
              : () => resolve(typed),
          );
          return;
        }
        typed = BACKSPACE.has(character) ? typed.slice(0, -1) : typed + character;
      }
    };
    const end = (settle: () => void): void => {
      stdin.off("data", take);
      stdin.setRawMode(false);
      stdin.pause();
      stderr.write("\n");
      settle();
    };
    stdin.on("data", take);
  });
}
