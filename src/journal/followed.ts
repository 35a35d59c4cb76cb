import type { JournalLine } from './event.ts'

/**
 * Derives state from a growing journal and reads each line once: later calls continue after the last line read.
 * Otherwise a run of n points would read its journal at least n times.
 *
 * The returned state is mutable: it changes when the same journal is read again after it has grown.
 *
 * @param begin returns the state of an empty journal
 * @param add adds one line to the state
 */
export function followed<State>(
  begin: () => State,
  add: (state: State, line: JournalLine) => void,
): (lines: readonly JournalLine[]) => State {
  const known = new WeakMap<readonly JournalLine[], { readonly state: State; read: number; last?: JournalLine }>()
  return lines => {
    let so = known.get(lines)
    // A list that lost lines, or whose lines were replaced, is another journal.
    if (so === undefined || so.read > lines.length || (so.read > 0 && lines[so.read - 1] !== so.last)) {
      so = { state: begin(), read: 0 }
      known.set(lines, so)
    }
    for (const { state } = so; so.read < lines.length; so.read++) {
      const line = lines[so.read]
      if (line === undefined) break
      add(state, line)
      so.last = line
    }
    return so.state
  }
}
