// Opens one sealed object (docs/envelope.md) where its key is read. The shop grants the content key, and the key inside
// never passes through the shop.

const utf8 = new TextEncoder();
const MAGIC = [0x42, 0x4c, 0x53, 2]; // BLS, version 2: under a content key of its own
const NONCE = 12;
const TAG = 16;

// Browsers do cryptography on safe pages only: https, or this very machine.
export const canUnseal = () => Boolean(globalThis.crypto?.subtle);

export function isSealed(bytes) {
  return bytes.length >= MAGIC.length + NONCE + TAG && MAGIC.every((byte, place) => bytes[place] === byte);
}

// Each part behind its length as four bytes, so that no two lists of parts read alike.
function bound(...parts) {
  const all = parts.map((part) => (typeof part === "string" ? utf8.encode(part) : part));
  const bytes = new Uint8Array(all.reduce((sum, part) => sum + 4 + part.length, 0));
  let place = 0;
  for (const part of all) {
    new DataView(bytes.buffer).setUint32(place, part.length);
    bytes.set(part, place + 4);
    place += 4 + part.length;
  }
  return bytes;
}

// The content, as bytes. Fails unless every byte of it, and its place, is as it was sealed. Wipes `contentKey`.
export async function unseal(contentKey, context, label, sealed) {
  const key = await crypto.subtle.importKey("raw", contentKey, "AES-GCM", false, ["decrypt"]);
  contentKey.fill(0);
  const header = sealed.subarray(0, MAGIC.length);
  const body = sealed.subarray(MAGIC.length + NONCE);
  const how = {
    name: "AES-GCM",
    iv: sealed.subarray(MAGIC.length, MAGIC.length + NONCE),
    additionalData: bound(header, "seal", context, label),
    tagLength: TAG * 8,
  };
  return new Uint8Array(await crypto.subtle.decrypt(how, key, body));
}
