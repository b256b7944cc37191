/** A name as a field (RFC 4180): printable, never a formula, in quotes where it has to be. As the server does it. */
export function fieldOf(name: string): string {
  let field = ''
  for (const letter of name) {
    if (letter === '\\') field += '\\\\'
    else if (/[\p{C}\p{Zl}\p{Zp}]/u.test(letter)) field += `\\u{${letter.codePointAt(0)!.toString(16)}}`
    else field += letter
  }
  if (/^[=+\-@|]/.test(field)) field = `'${field}`
  return /[," ]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field
}
