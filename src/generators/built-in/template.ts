/** Longest part of an event before or after the text that is worth comparing. */
const maxPart = 2048

const QUOTE = 0x22
const SPACE = 0x20
const BACKSLASH = 0x5c
const LF = 0x0a

const noBytes = Buffer.alloc(0)

/**
 * The usual chunk of one stream, learned from a parsed one: what stands before the text and after it. An event that
 * differs from it in nothing but a text that isn't empty is a token, and needs no JSON parser to say so. One comparison
 * of some 200 bytes costs a tenth of `JSON.parse`, allocates nothing, and can't be wrong: everything else is parsed.
 */
export class Template {
  /** Made as large as what is learned: ten thousand connections have one each. */
  #before = noBytes
  #after = noBytes
  #beforeLength = 0
  #afterLength = 0
  /** From where in {@link #after} numbers may differ: in a usage that counts on with every chunk. */
  #looseFrom = Number.POSITIVE_INFINITY
  /** Where in {@link #after} the count of output tokens stands; −1 without one. */
  #countAt = -1
  /** Where the text of the event matched last begins and ends. */
  textStart = 0
  textEnd = 0
  /** Output tokens so far, as the event matched last says; −1 when it doesn't. */
  outputTokens = -1

  /** Matches nothing from now on. */
  forget(): void {
    this.#beforeLength = 0
  }

  /**
   * Learns from the data of an event that was one data line and an empty line, both ended by LF, with its text under
   * `key`. Learns nothing when the key occurs more than once.
   */
  learn(bytes: Buffer, start: number, end: number, key: string, prefix: Buffer): void {
    this.forget()
    const data = bytes.subarray(start, end)
    const marker = `"${key}":"`
    const at = data.indexOf(marker)
    const spaced = `"${key}": "`
    const from = at >= 0 ? at + marker.length : data.indexOf(spaced) + spaced.length
    if (at < 0 && from < spaced.length) return
    if (data.indexOf(`"${key}"`, from) >= 0) return
    const to = closingQuote(data, from, data.length)
    const afterLength = data.length - to + 2
    if (to < 0 || prefix.length + from > maxPart || afterLength > maxPart) return
    const beforeLength = prefix.length + from
    if (this.#before.length < beforeLength) this.#before = Buffer.allocUnsafeSlow(beforeLength)
    if (this.#after.length < afterLength) this.#after = Buffer.allocUnsafeSlow(afterLength)
    prefix.copy(this.#before)
    data.copy(this.#before, prefix.length, 0, from)
    data.copy(this.#after, 0, to)
    this.#after[afterLength - 2] = LF
    this.#after[afterLength - 1] = LF
    this.#learnUsage(afterLength)
    this.#beforeLength = beforeLength
    this.#afterLength = afterLength
  }

  /** The offset after the event at `start`, or −1 when it is another kind of event or isn't all there. */
  match(bytes: Buffer, start: number, end: number): number {
    const before = this.#beforeLength
    if (before === 0 || start + before >= end) return -1
    // From the end, where a finish or usage chunk differs soonest.
    const from = start + before
    for (let i = before - 1; i >= 0; i--) if (bytes[start + i] !== this.#before[i]) return -1
    if (bytes[from] === QUOTE) return -1
    const to = closingQuote(bytes, from, end)
    if (to < 0) return -1
    let after = to + this.#afterLength
    if (this.#countAt >= 0) {
      after = this.#matchCounting(bytes, to, end)
      if (after < 0) return -1
    } else {
      if (after > end) return -1
      for (let i = this.#afterLength - 1; i >= 0; i--) if (bytes[to + i] !== this.#after[i]) return -1
    }
    this.textStart = from
    this.textEnd = to
    return after
  }

  /** Finds the usage that `continuous_usage_stats` puts into every chunk. */
  #learnUsage(afterLength: number): void {
    this.#countAt = -1
    this.outputTokens = -1
    const after = this.#after.subarray(0, afterLength)
    const usage = after.indexOf('"usage":')
    if (usage < 0) return
    for (const key of countKeys) {
      const at = after.indexOf(key, usage)
      if (at < 0) continue
      let digit = at + key.length
      while (after[digit] === SPACE) digit += 1
      if (isDigit(after[digit])) this.#countAt = digit
    }
    this.#looseFrom = usage
  }

  /** Matches what follows the text, numbers of the usage being what they may: the offset after the event, or −1. */
  #matchCounting(bytes: Buffer, start: number, end: number): number {
    const after = this.#after
    const length = this.#afterLength
    const loose = this.#looseFrom
    const countAt = this.#countAt
    if (start + loose > end) return -1
    let at = start
    let i = 0
    while (i < loose) if (bytes[at++] !== after[i++]) return -1
    while (i < length) {
      const learned = after[i] ?? 0
      if (at >= end) return -1
      const byte = bytes[at] ?? 0
      if (learned > 0x39 || learned < 0x30) {
        if (byte !== learned) return -1
        at += 1
        i += 1
        continue
      }
      if (byte > 0x39 || byte < 0x30) return -1
      const counts = i === countAt
      let value = 0
      while (at < end && isDigit(bytes[at])) value = value * 10 + (bytes[at++] ?? 0) - 0x30
      while (i < length && isDigit(after[i])) i += 1
      if (counts) this.outputTokens = value
    }
    return at
  }
}

const countKeys = ['"completion_tokens":', '"output_tokens":']

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39
}

/** The offset of the quote that ends the JSON string whose characters begin at `start`, or −1. */
function closingQuote(bytes: Buffer, start: number, end: number): number {
  for (let at = start; at < end; at++) {
    const byte = bytes[at]
    if (byte === QUOTE) return at
    if (byte === BACKSLASH) at += 1
    else if (byte === LF) return -1
  }
  return -1
}
