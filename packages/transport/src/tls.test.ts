import { createSecureContext } from "node:tls";
import { describe, expect, it } from "vitest";
import { credentials } from "./testing/certificates.ts";
import { secureContext } from "./tls.ts";

describe("a secure context", () => {
  it("takes certificates of any length", async () => {
    const lengths = new Set<number>();
    for (let length = 1; length <= 48; length++) {
      const { identity, pinned } = await credentials("n".repeat(length));
      lengths.add(pinned.certificate.length % 48); // PEM has lines of 48 bytes
      expect(() => createSecureContext(secureContext(identity, [pinned]))).not.toThrow();
    }
    expect(lengths.has(0)).toBe(true);
  });

  it("trusts nobody when nobody is pinned", async () => {
    const { identity } = await credentials("alone");
    expect(secureContext(identity, []).ca).toEqual([]);
  });

  it("takes the key as an object and in PEM", async () => {
    const { identity } = await credentials("near");
    const key = identity.privateKey;
    const pem = typeof key === "string" ? key : key.export({ type: "pkcs8", format: "pem" });
    expect(secureContext({ ...identity, privateKey: String(pem) }, []).key).toBe(pem);
    expect(secureContext(identity, []).key).toBe(pem);
  });
});
