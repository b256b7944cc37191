// What the filter's words mean. They are compared as text: no pattern is ever made of them.

import { tagOf, type KnownProbes } from '../state/known'

/** Which probes are shown, as rows and as columns. */
export interface Filter {
  isEmpty: boolean
  row(name: string): boolean
  column(name: string): boolean
}

interface Word {
  side: 'row' | 'column' | 'both'
  /** Of a tag by its name; null: of anything. */
  tag: string | null
  text: string
}

/**
 * Words with blanks between them, which must all fit, in any case of letters: `ams` is in the name, the address or the value of a
 * tag; `site=ams1` is the tag's value, `site=` is without the tag; `from:` before either is for rows alone and `to:` for columns
 * alone. What holds blanks stands in double quotes.
 */
export function filterOf(text: string, probes: KnownProbes): Filter {
  const words = split(text).map(wordOf)
  const fits = (side: 'row' | 'column') => {
    const own = words.filter((word) => word.side === 'both' || word.side === side)
    return (name: string) => own.every((word) => isFit(word, name, probes))
  }
  return { isEmpty: words.length === 0, row: fits('row'), column: fits('column') }
}

/** A text as it stands in a filter, quoted where it has to be. */
export function wordFor(name: string): string {
  const plain = name.replaceAll('"', '')
  return /[\s=]/.test(plain) || plain !== name ? `"${plain}"` : plain
}

/** Words that fit something, tags first; not more than `most`. */
export function suggestionsOf(probes: KnownProbes, names: readonly string[], most: number): string[] {
  const found = new Set<string>()
  for (const probe of probes.values()) {
    for (const [tag, value] of Object.entries(probe.tags)) if (found.size < most) found.add(`${wordFor(tag)}=${wordFor(value)}`)
  }
  for (const name of names) if (found.size < most) found.add(wordFor(name))
  return [...found]
}

/** A word as it was given; `equals` is where its first equals sign outside of quotes is, -1 where there is none. */
interface Given {
  text: string
  equals: number
}

function split(text: string): Given[] {
  const words: Given[] = []
  let word: Given = { text: '', equals: -1 }
  let isQuoted = false
  for (const letter of `${text} `) {
    if (letter === '"') isQuoted = !isQuoted
    else if (!isQuoted && letter.trim() === '') {
      if (word.text !== '') words.push(word)
      word = { text: '', equals: -1 }
    } else {
      if (letter === '=' && !isQuoted && word.equals < 0) word.equals = word.text.length
      word.text += letter
    }
  }
  if (word.text.trim() !== '') words.push({ ...word, text: word.text.trim() })
  return words
}

function wordOf({ text, equals }: Given): Word {
  const side = text.startsWith('from:') ? 'row' : text.startsWith('to:') ? 'column' : 'both'
  const skip = side === 'row' ? 'from:'.length : side === 'column' ? 'to:'.length : 0
  return equals > skip
    ? { side, tag: text.slice(skip, equals), text: text.slice(equals + 1).toLowerCase() }
    : { side, tag: null, text: text.slice(skip).toLowerCase() }
}

function isFit(word: Word, name: string, probes: KnownProbes): boolean {
  if (word.tag !== null) return tagOf(probes, name, word.tag).toLowerCase() === word.text
  if (name.toLowerCase().includes(word.text)) return true
  const probe = probes.get(name)
  if (!probe) return false
  return (
    probe.address.toLowerCase().includes(word.text) ||
    Object.values(probe.tags).some((value) => value.toLowerCase().includes(word.text))
  )
}
