import type { JournalLine } from './event.ts'

/**
 * Reads something out of a journal that grows line by line, and reads no line twice: asked again, it goes on behind the
 * line where it stopped. Without that, a run of n points would read its journal n times and more.
 *
 * What it returns follows the journal: it changes when the same journal is read again after more lines came.
 *
 * @param begin what is known of an empty journal
 * @param add takes one line into it
 */
export function followed<State>(
  begin: () => State,
  add: (state: State, line: JournalLine) => void,
): (lines: readonly JournalLine[]) => State {
  const known = new WeakMap<readonly JournalLine[], { readonly state: State; read: number; last?: JournalLine }>()
  return lines => {
    let so = known.get(lines)
    // A list that lost lines, or has others in their place, is another journal.
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
