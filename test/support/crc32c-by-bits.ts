/** CRC-32C by its definition: the message as a polynomial, divided bit by bit. */
export function crc32c(bytes: Uint8Array): number {
  let register = 0xffffffff;
  for (const byte of bytes) {
    for (let bit = 0; bit < 8; bit++) {
      const carry = (register ^ (byte >>> bit)) & 1;
      register >>>= 1;
      if (carry) register ^= 0x82f63b78;
    }
  }
  return ~register >>> 0;
}
