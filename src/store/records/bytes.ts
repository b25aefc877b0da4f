/** What the driver hands over is a Buffer, perhaps a window into a larger one: a plain copy is what leaves the store. */
export function bytesOf(value: Uint8Array): Uint8Array {
  return new Uint8Array(value);
}
