import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { SetupError } from "./config-error.ts";
import { KEY_FILES, readOprfKey, readSecret, readSigningKey } from "./keys.ts";

let folder: string;
const place = (): string => join(folder, KEY_FILES.signing);
const secret = "7b".repeat(32);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "moiety-keys-"));
  writeFileSync(place(), `${secret}\n`, { mode: 0o600 });
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("a key file", () => {
  test("of mode 0600 is read", () => {
    expect(readSecret(folder, KEY_FILES.signing).trim()).toBe(secret);
    expect(readSigningKey(folder).verifyingKey.bytes).toHaveLength(32);
  });

  test.each([0o640, 0o604, 0o666, 0o610, 0o601])("of mode %o is refused", (mode) => {
    chmodSync(place(), mode);
    const wanted = `mode 0${mode.toString(8)}: others can reach it; chmod 600 it`;
    expect(() => readSigningKey(folder)).toThrow(wanted);
  });

  test("that is a link is refused", () => {
    symlinkSync(place(), join(folder, "linked.key"));
    expect(() => readSecret(folder, "linked.key")).toThrow("symbolic link");
  });

  test("that is absent or malformed is an error that names it and not its content", () => {
    expect(() => readSecret(folder, "no.key")).toThrow(/no\.key cannot be read \(ENOENT\)/);
    writeFileSync(place(), "5ec2e7 not hex");
    expect(() => readSigningKey(folder)).toThrow(SetupError);
    expect(() => readSigningKey(folder)).not.toThrow(/5ec2e7/);
  });

  test("with zero or a number beyond the group's order is no OPRF key", () => {
    const name = KEY_FILES.oprf("telecom", 1);
    for (const content of ["00".repeat(32), "ff".repeat(32)]) {
      writeFileSync(join(folder, name), content, { mode: 0o600 });
      expect(() => readOprfKey(folder, "telecom", 1)).toThrow("not a scalar of ristretto255");
    }
  });
});
