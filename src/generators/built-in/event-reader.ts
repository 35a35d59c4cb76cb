/** Receives events. Bytes are only valid during the call. */
export interface EventSink {
  /**
   * Optional fast path for a whole event including its terminator, without splitting it into lines.
   * @returns the offset after the event, or −1 to read it line by line
   */
  takeWhole(bytes: Buffer, start: number, end: number): number
  /**
   * The data of one event; several data lines are joined by line feeds. `type` is empty without an `event` field. An
   * event may have a type and no data, which is how Dynamo reports errors.
   */
  onEvent(bytes: Buffer, start: number, end: number, type: string): void
}

const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const COLON = 0x3a
const maxEventBytes = 64 * 1024 * 1024

/** Thrown when an event exceeds the memory limit. */
export class EventTooLong extends Error {
  override readonly name = 'EventTooLong'
}

/**
 * Parses server-sent events as defined by the HTML standard (CR, LF and CRLF, comments, byte order mark, several data
 * lines), independent of how the bytes are split. Unlike the standard, it accepts an event that ends with the stream
 * instead of an empty line (servers end `[DONE]` that way), and an event with a type and no data.
 */
export class EventReader {
  readonly #sink: EventSink
  /** An unfinished line. */
  #line = new Bytes()
  /** Data of the current event that could not be passed on in place. */
  #data = new Bytes()
  #dataLines = 0
  #type = ''
  #skipLf = false
  #started = false
  /** Whether nothing of the current event was read. */
  #fresh = true

  constructor(sink: EventSink) {
    this.#sink = sink
  }

  /** Resets for a new stream. */
  next(): void {
    this.#line.clear()
    this.#clearEvent()
    this.#skipLf = false
    this.#started = false
  }

  push(bytes: Buffer, start: number, end: number): void {
    let at = start
    while (at < end) {
      if (this.#skipLf) {
        this.#skipLf = false
        if (bytes[at] === LF && ++at === end) return
      }
      if (this.#fresh && this.#line.length === 0) {
        const after = this.#sink.takeWhole(bytes, at, end)
        if (after >= 0) {
          at = after
          this.#started = true
          continue
        }
      }
      at = this.#readLine(bytes, at, end)
    }
  }

  /** Handles the end of the stream. */
  close(): void {
    if (this.#line.length > 0) this.#takeLine(this.#line.bytes, 0, this.#line.length)
    if (this.#dataLines > 0 || this.#type !== '') this.#dispatch()
    this.next()
  }

  #readLine(bytes: Buffer, start: number, end: number): number {
    const stop = lineEnd(bytes, start, end)
    if (stop === end) {
      if (this.#line.length + end - start > maxEventBytes)
        throw new EventTooLong('a line of the stream is longer than 64 MiB')
      this.#line.append(bytes, start, end)
      return end
    }
    this.#skipLf = bytes[stop] === CR
    let after = stop + 1
    if (this.#line.length > 0) {
      this.#line.append(bytes, start, stop)
      this.#takeLine(this.#line.bytes, 0, this.#line.length)
      this.#line.clear()
    } else if (this.#dataLines === 0 && this.#type === '' && this.#started && isData(bytes, start, stop)) {
      // The usual event is one data line and an empty line; it is passed on in place.
      const blank = blankAfter(bytes, stop, end)
      if (blank < 0) this.#takeLine(bytes, start, stop)
      else {
        this.#skipLf = bytes[blank - 1] === CR
        after = blank
        this.#sink.onEvent(bytes, dataStart(bytes, start, stop), stop, '')
        this.#fresh = true
      }
    } else this.#takeLine(bytes, start, stop)
    return after
  }

  #takeLine(bytes: Buffer, lineStart: number, end: number): void {
    let start = lineStart
    if (!this.#started) {
      this.#started = true
      if (end - start >= 3 && bytes[start] === 0xef && bytes[start + 1] === 0xbb && bytes[start + 2] === 0xbf)
        start += 3
    }
    if (start === end) {
      if (this.#dataLines > 0 || this.#type !== '') this.#dispatch()
      this.#clearEvent()
      return
    }
    this.#fresh = false
    if (isData(bytes, start, end)) {
      if (this.#dataLines++ > 0) this.#data.appendByte(LF)
      if (this.#data.length + end - start > maxEventBytes)
        throw new EventTooLong('an event of the stream is longer than 64 MiB')
      this.#data.append(bytes, dataStart(bytes, start, end), end)
      return
    }
    const colon = bytes.indexOf(COLON, start)
    const nameEnd = colon < 0 || colon >= end ? end : colon
    if (nameEnd - start !== 5 || bytes.toString('latin1', start, nameEnd) !== 'event') return
    const valueStart = Math.min(end, nameEnd + 1)
    this.#type = bytes.toString(
      'utf8',
      bytes[valueStart] === SPACE && valueStart < end ? valueStart + 1 : valueStart,
      end,
    )
  }

  #dispatch(): void {
    this.#sink.onEvent(this.#data.bytes, 0, this.#data.length, this.#type)
    this.#clearEvent()
  }

  #clearEvent(): void {
    this.#data.clear()
    this.#dataLines = 0
    this.#type = ''
    this.#fresh = true
  }
}

/** A growing byte buffer, reused for all events so that nothing is allocated once it is large enough. */
class Bytes {
  bytes = Buffer.alloc(0)
  length = 0

  append(from: Buffer, start: number, end: number): void {
    this.#ensure(this.length + end - start)
    from.copy(this.bytes, this.length, start, end)
    this.length += end - start
  }

  appendByte(byte: number): void {
    this.#ensure(this.length + 1)
    this.bytes[this.length++] = byte
  }

  clear(): void {
    this.length = 0
    // Releases the memory of a single huge event.
    if (this.bytes.length > 1024 * 1024) this.bytes = Buffer.alloc(0)
  }

  #ensure(length: number): void {
    if (length <= this.bytes.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(256, 2 ** Math.ceil(Math.log2(length))))
    this.bytes.copy(grown, 0, 0, this.length)
    this.bytes = grown
  }
}

function lineEnd(bytes: Buffer, start: number, end: number): number {
  for (let at = start; at < end; at++) {
    const byte = bytes[at]
    if (byte === LF || byte === CR) return at
  }
  return end
}

/** Whether the line's field is `data`. */
function isData(bytes: Buffer, start: number, end: number): boolean {
  return (
    end - start >= 4 &&
    bytes[start] === 0x64 &&
    bytes[start + 1] === 0x61 &&
    bytes[start + 2] === 0x74 &&
    bytes[start + 3] === 0x61 &&
    (end - start === 4 || bytes[start + 4] === COLON)
  )
}

function dataStart(bytes: Buffer, start: number, end: number): number {
  const value = Math.min(end, start + 5)
  return value < end && bytes[value] === SPACE ? value + 1 : value
}

/** The offset after the empty line that follows the line end at `stop`, or −1 if it is not complete. */
function blankAfter(bytes: Buffer, stop: number, end: number): number {
  let at = stop + 1
  if (bytes[stop] === CR && at < end && bytes[at] === LF) at += 1
  if (at >= end) return -1
  if (bytes[at] === LF || bytes[at] === CR) return at + 1
  return -1
}
