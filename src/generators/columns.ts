/**
 * Rows of numbers kept in typed columns that grow: a row of a trace takes 16 bytes, an object would take ten times
 * that.
 */
export interface RequestColumns {
  readonly count: number
  add(at: number, input: number, output: number): void
  /** The columns, cut to size. */
  done(): { readonly at: Float64Array; readonly input: Uint32Array; readonly output: Uint32Array }
}

export function requestColumns(): RequestColumns {
  let room = 1024
  let count = 0
  let at = new Float64Array(room)
  let input = new Uint32Array(room)
  let output = new Uint32Array(room)
  const grow = () => {
    room *= 2
    const [wider, more, most] = [new Float64Array(room), new Uint32Array(room), new Uint32Array(room)]
    wider.set(at)
    more.set(input)
    most.set(output)
    at = wider
    input = more
    output = most
  }
  return {
    get count() {
      return count
    },
    add(time, inputTokens, outputTokens) {
      if (count === room) grow()
      at[count] = time
      input[count] = inputTokens
      output[count] = outputTokens
      count += 1
    },
    done: () => ({ at: at.slice(0, count), input: input.slice(0, count), output: output.slice(0, count) }),
  }
}
