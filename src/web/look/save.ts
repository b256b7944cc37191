/** Hands something to the reader as a file. */
export function save(blob: Blob, name: string): void {
  const address = URL.createObjectURL(blob)
  const link = document.createElement('a')
  link.href = address
  // Names of probes may be longer than what file systems take.
  link.download = name.replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^(.{150}).*(\.\w+)$/u, '$1$2')
  link.click()
  // Browsers read it after the click; some of them a while after.
  setTimeout(() => URL.revokeObjectURL(address), 60_000)
}
