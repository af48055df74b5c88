const digits = Buffer.from('0123456789abcdef');

/** Lower-case hex digits of the bytes, as bytes: a secret must not become a string, which nothing can erase. */
export function encodeHex(bytes: Buffer): Buffer {
  const hex = Buffer.allocUnsafeSlow(bytes.length * 2);
  for (const [index, byte] of bytes.entries()) {
    hex[index * 2] = digits.readUInt8(byte >>> 4);
    hex[index * 2 + 1] = digits.readUInt8(byte & 0x0f);
  }
  return hex;
}

/** The bytes that hex digits of either case stand for; undefined when anything else is among them. */
export function decodeHex(hex: Buffer): Buffer | undefined {
  const bytes = Buffer.allocUnsafeSlow(hex.length >>> 1);
  let wrong = hex.length % 2 === 1;
  for (const index of bytes.keys()) {
    const high = nibbleOf(hex.readUInt8(index * 2));
    const low = nibbleOf(hex.readUInt8(index * 2 + 1));
    wrong ||= high < 0 || low < 0;
    bytes[index] = (high << 4) | low;
  }
  if (!wrong) return bytes;
  bytes.fill(0);
  return undefined;
}

function nibbleOf(digit: number): number {
  const lowerCase = digit >= 0x41 && digit <= 0x46 ? digit + 0x20 : digit;
  return digits.indexOf(lowerCase);
}
