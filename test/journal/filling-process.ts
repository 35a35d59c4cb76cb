/** Appends to a journal in the folder named on the command line until that is refused, and says how. */
import { openJournal } from '../../src/journal/index.ts'
import { FulcrumError } from '../../src/model/index.ts'

const journal = await openJournal(process.argv[2] ?? '')
try {
  for (;;) await journal.append({ type: 'note', message: 'x'.repeat(900) })
} catch (error) {
  console.log(error instanceof FulcrumError ? `${error.kind} ${error.code} ${error.message}` : `unclear: ${error}`)
}
await journal.close()
