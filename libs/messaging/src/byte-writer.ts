export type Bytes = Buffer | string | null | undefined;

/** Writes values of Kafka's wire protocol one after the other into a buffer that has room for them. */
export class ByteWriter {
  /** Where the next value goes. */
  at = 0;

  constructor(readonly buffer: Buffer) {}

  int8(value: number): void {
    this.at = this.buffer.writeInt8(value, this.at);
  }

  int16(value: number): void {
    this.at = this.buffer.writeInt16BE(value, this.at);
  }

  int32(value: number): void {
    this.at = this.buffer.writeInt32BE(value, this.at);
  }

  /** A whole number that JavaScript holds exactly. */
  int64(value: number): void {
    this.int32(Math.floor(value / 2 ** 32));
    this.at = this.buffer.writeUInt32BE(value >>> 0, this.at);
  }

  /** STRING: an int16 length, then UTF-8. */
  string(value: string): void {
    this.int16(Buffer.byteLength(value));
    this.at += this.buffer.write(value, this.at);
  }

  /** VARINT, zigzag, of an integer of 31 bits. */
  varint(value: number): void {
    let rest = zigzag(value);
    while (rest > 0x7f) {
      this.buffer[this.at] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
      this.at += 1;
    }
    this.buffer[this.at] = rest;
    this.at += 1;
  }

  /** A varint length, then the bytes; length -1 for null. */
  varBytes(bytes: Bytes): void {
    if (bytes === null || bytes === undefined) return this.varint(-1);
    this.varint(Buffer.byteLength(bytes));
    this.at += typeof bytes === 'string' ? this.buffer.write(bytes, this.at) : bytes.copy(this.buffer, this.at);
  }
}

/** How many bytes `varint` writes. */
export function sizeOfVarint(value: number): number {
  let rest = zigzag(value);
  let size = 1;
  while (rest > 0x7f) {
    rest >>>= 7;
    size += 1;
  }
  return size;
}

/** How many bytes `varBytes` writes. */
export function sizeOfVarBytes(bytes: Bytes): number {
  if (bytes === null || bytes === undefined) return 1;
  const length = Buffer.byteLength(bytes);
  return sizeOfVarint(length) + length;
}

function zigzag(value: number): number {
  return ((value << 1) ^ (value >> 31)) >>> 0;
}
