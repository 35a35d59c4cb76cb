/** Rows of numbers in growing typed columns: a row of a trace takes 20 bytes, a tenth of an object. */
export interface RequestColumns {
  readonly count: number
  add(at: number, input: number, output: number, line: number): void
  /** The columns, cut to size. */
  done(): RequestColumnValues
}

/** The columns, one value per row each. */
export interface RequestColumnValues {
  readonly at: Float64Array
  readonly input: Uint32Array
  readonly output: Uint32Array
  /** Line of the row in its file, from 1. */
  readonly line: Uint32Array
}

/** Columns that grow request by request, initially empty. */
export function requestColumns(): RequestColumns {
  let room = 1024
  let count = 0
  let at = new Float64Array(room)
  let input = new Uint32Array(room)
  let output = new Uint32Array(room)
  let line = new Uint32Array(room)
  const grow = () => {
    room *= 2
    const wider = new Float64Array(room)
    wider.set(at)
    at = wider
    input = roomier(input, room)
    output = roomier(output, room)
    line = roomier(line, room)
  }
  return {
    get count() {
      return count
    },
    add(time, inputTokens, outputTokens, lineNumber) {
      if (count === room) grow()
      at[count] = time
      input[count] = inputTokens
      output[count] = outputTokens
      line[count] = lineNumber
      count += 1
    },
    done: () => ({
      at: at.slice(0, count),
      input: input.slice(0, count),
      output: output.slice(0, count),
      line: line.slice(0, count),
    }),
  }
}

function roomier(values: Uint32Array, room: number): Uint32Array<ArrayBuffer> {
  const roomy = new Uint32Array(room)
  roomy.set(values)
  return roomy
}
