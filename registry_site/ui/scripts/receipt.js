// Checks a receipt (C2SP tlog-proof) with the browser's own cryptography, and asks no server anything. An outcome is a word; the page says what it means.
const receipts = (() => {
  const FIRST_LINE = "c2sp.org/tlog-proof@v1";
  const LONGEST_PATH = 63;
  const MOST_BYTES = 1 << 20;
  const ED25519 = 1;
  const NUMBER = /^(0|[1-9][0-9]{0,18})$/;
  const BASE64 = /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

  class Malformed extends Error {}

  const malformed = (why) => {
    throw new Malformed(why);
  };

  // -- Bytes -----------------------------------------------------------------------

  const encode = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));

  // Padded standard base64 in its one canonical spelling.
  const decode = (text, why) => {
    const bytes = BASE64.test(text) ? Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)) : malformed(why);
    return encode(bytes) === text ? bytes : malformed(why);
  };

  const equal = (one, other) => one.length === other.length && one.every((byte, at) => byte === other[at]);
  const utf8 = (text) => new TextEncoder().encode(text);

  const sha256 = async (...parts) => {
    const bytes = Uint8Array.from(parts.flatMap((part) => Array.from(part)));
    return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  };

  // -- Reading ---------------------------------------------------------------------

  const textOf = (bytes) => {
    if (bytes.length > MOST_BYTES) malformed("long");
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      return malformed("text");
    }
  };

  const hashOf = (line) => {
    const bytes = decode(line, "hash");
    return bytes.length === 32 ? bytes : malformed("hash");
  };

  const numberOf = (text, why) => (NUMBER.test(text) ? BigInt(text) : malformed(why));

  const readReceipt = (text) => {
    const end = text.indexOf("\n\n");
    if (end < 0) malformed("blank");
    const lines = text.slice(0, end).split("\n");
    const whole = lines[0] === FIRST_LINE;
    if (whole) lines.shift();
    const entry = whole && lines[0]?.startsWith("extra ") ? decode(lines.shift().slice(6), "extra") : null;
    const [first = "", ...path] = lines;
    const index = numberOf(first.startsWith("index ") ? first.slice(6) : "", "index");
    if (path.length > LONGEST_PATH) malformed("path");
    return { index, entry, path: path.map(hashOf), checkpoint: readCheckpoint(text.slice(end + 2)) };
  };

  const readCheckpoint = (note) => {
    const end = note.lastIndexOf("\n\n");
    // eslint-disable-next-line no-control-regex
    if (end < 0 || !note.endsWith("\n") || /[\x00-\x09\x0b-\x1f]/.test(note)) malformed("note");
    const text = note.slice(0, end + 1);
    const [origin, size, root, rest, ...more] = text.split("\n");
    if (!origin || rest !== "" || more.length) malformed("checkpoint");
    const signatures = note.slice(end + 2, -1).split("\n").map(readSignature);
    const signedRoot = decode(root, "checkpoint");
    if (signedRoot.length !== 32) malformed("checkpoint");
    return { text, origin, size: numberOf(size, "checkpoint"), root: signedRoot, signatures };
  };

  const readSignature = (line) => {
    const [, name, encoded] = /^— ([^\s+]+) (\S+)$/u.exec(line) ?? malformed("note");
    const bytes = decode(encoded, "note");
    return bytes.length > 4 ? { name, id: bytes.slice(0, 4), signature: bytes.slice(4) } : malformed("note");
  };

  const readKey = async (vkey) => {
    const [, name, shown, encoded] = /^([^\s+]+)\+([0-9a-f]{8})\+(.+)$/u.exec(vkey) ?? malformed("key");
    const material = decode(encoded, "key");
    const id = (await sha256(utf8(`${name}\n`), material)).slice(0, 4);
    const hex = Array.from(id, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return material.length === 33 && material[0] === ED25519 && hex === shown ? { name, id, raw: material.slice(1) } : malformed("key");
  };

  // -- The tree (RFC 9162, section 2.1.3.2) -------------------------------------------

  const rootOf = async (leaf, index, size, path) => {
    if (index >= size) return null;
    let [at, last, found] = [index, size - 1n, leaf];
    for (const sibling of path) {
      if (last === 0n) return null;
      const left = at % 2n === 1n || at === last;
      found = await sha256([1], ...(left ? [sibling, found] : [found, sibling]));
      while (left && at !== 0n && at % 2n === 0n) [at, last] = [at / 2n, last / 2n];
      [at, last] = [at / 2n, last / 2n];
    }
    return last === 0n ? found : null;
  };

  // -- The signature --------------------------------------------------------------------

  // Says why the checkpoint is not one that these keys signed; null when they did.
  const unsigned = async (checkpoint, keys) => {
    if (!keys.some((key) => key.name === checkpoint.origin)) return "OTHER_LOG";
    const pairs = checkpoint.signatures.flatMap((line) =>
      keys.filter((key) => key.name === line.name && equal(key.id, line.id)).map((key) => [key, line.signature]),
    );
    if (!pairs.some(([key]) => key.name === checkpoint.origin)) return "WRONG_KEY";
    for (const [key, signature] of pairs) {
      const fits = await accepts(key, signature, checkpoint.text);
      if (!fits) return fits === null ? "UNSIGNED" : "SIGNATURE";
    }
    return null;
  };

  // Null where the browser does not know Ed25519.
  const accepts = async (key, signature, text) => {
    try {
      const known = await crypto.subtle.importKey("raw", key.raw, { name: "Ed25519" }, false, ["verify"]);
      return await crypto.subtle.verify({ name: "Ed25519" }, known, signature, utf8(text));
    } catch (error) {
      if (error.name === "NotSupportedError") return null;
      if (error.name === "DataError") return false; // a key that is no point of the curve signs nothing
      throw error;
    }
  };

  const unproved = (found, receipt, checkpoint) => {
    if (receipt.index >= checkpoint.size) return "BEYOND";
    if (!receipt.entry) return "NO_ENTRY";
    if (!found.root) return "PATH";
    return found.equal ? null : "ROOT";
  };

  // The page's own checkpoint, signed by the same keys for the same size, must have the same root.
  const forked = async (checkpoint, keys, claimed) => {
    const ours = readCheckpoint(claimed);
    const alike = ours.origin === checkpoint.origin && ours.size === checkpoint.size && equal(ours.root, checkpoint.root);
    return ours.origin === checkpoint.origin && ours.size === checkpoint.size && !alike && (await unsigned(ours, keys)) === null;
  };

  // -- The whole ------------------------------------------------------------------------

  const outcomeOf = async (found, receipt, checkpoint, keys, claimed) => {
    const signing = await unsigned(checkpoint, keys);
    if (signing && signing !== "UNSIGNED") return signing;
    const proving = unproved(found, receipt, checkpoint);
    if (proving || signing) return proving ?? signing;
    return (await forked(checkpoint, keys, claimed)) ? "FORK" : "HOLDS";
  };

  // Checks the bytes of a receipt with verifier keys, one on a line, beside the checkpoint on the page.
  const check = async (bytes, vkeys, claimed) => {
    if (!globalThis.crypto?.subtle) return { outcome: "NO_CRYPTO" };
    const written = vkeys.split("\n").map((line) => line.trim()).filter(Boolean);
    try {
      const keys = await Promise.all(written.map(readKey));
      if (!keys.length) malformed("key");
      const receipt = readReceipt(textOf(bytes));
      const { checkpoint, entry, index, path } = receipt;
      const leaf = entry && (await sha256([0], entry));
      const root = leaf && (await rootOf(leaf, index, checkpoint.size, path));
      const found = { receipt, leaf, root, equal: Boolean(root) && equal(root, checkpoint.root) };
      return { ...found, outcome: await outcomeOf(found, receipt, checkpoint, keys, claimed) };
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      return error.message === "key" ? { outcome: "KEY" } : { outcome: "MALFORMED", why: error.message };
    }
  };

  return { check, encode };
})();
