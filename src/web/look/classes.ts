/** The name of a class octet as the server writes it: that of its DSCP, or hexadecimal digits where it has none or ECN bits are set. */
export function className(octet: number | null): string {
  if (octet === null) return 'all'
  const dscp = octet & 3 ? -1 : octet >> 2
  if (dscp === 1) return 'LE'
  if (dscp === 44) return 'VA'
  if (dscp === 46) return 'EF'
  if (dscp >= 0 && dscp % 8 === 0) return `CS${dscp / 8}`
  if (dscp >= 10 && dscp <= 38 && dscp % 2 === 0) return `AF${dscp >> 3}${(dscp % 8) / 2}`
  return `0x${octet.toString(16).toUpperCase().padStart(2, '0')}`
}
