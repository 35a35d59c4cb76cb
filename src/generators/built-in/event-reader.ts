/** Receives events. Bytes are only valid during the call. */
export interface EventSink {
  /**
   * A chance to take a whole event, terminator included, without its lines being looked for.
   *
   * @returns the offset after the event, or −1 to have it read line by line
   */
  takeWhole(bytes: Buffer, start: number, end: number): number
  /**
   * The data of one event; several data lines are joined by line feeds. `type` is empty without an `event` field. An
   * event may have a type and no data: Dynamo reports errors that way.
   */
  onEvent(bytes: Buffer, start: number, end: number, type: string): void
}

const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const COLON = 0x3a
const maxEventBytes = 64 * 1024 * 1024

/** An event grew beyond what memory should hold. */
export class EventTooLong extends Error {
  override readonly name = 'EventTooLong'
}

/**
 * Finds server-sent events in bytes as the HTML standard's event stream format says (CR, LF and CRLF line ends,
 * comments, byte order mark, data over several lines), however the bytes are cut. Unlike the standard, an event that
 * ends with the stream instead of an empty line counts (servers end `[DONE]` that way), and so does one with a type and
 * no data.
 */
export class EventReader {
  readonly #sink: EventSink
  /** An unfinished line. */
  #line = new Bytes()
  /** Data of the present event that could not be handed on in place. */
  #data = new Bytes()
  #dataLines = 0
  #type = ''
  #skipLf = false
  #started = false
  /** Nothing of the present event has been read. */
  #fresh = true

  constructor(sink: EventSink) {
    this.#sink = sink
  }

  /** Expects a new stream. */
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

  /** The stream has ended. */
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
      // The usual event is one data line and an empty one: handed on where it lies.
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

/** Bytes that grow; kept over events so that nothing is allocated once they are large enough. */
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
    // A single huge event must not hold its memory for the rest of the run.
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

/** The offset after the empty line that follows the line end at `stop`, or −1 when it isn't all there. */
function blankAfter(bytes: Buffer, stop: number, end: number): number {
  let at = stop + 1
  if (bytes[stop] === CR && at < end && bytes[at] === LF) at += 1
  if (at >= end) return -1
  if (bytes[at] === LF || bytes[at] === CR) return at + 1
  return -1
}
