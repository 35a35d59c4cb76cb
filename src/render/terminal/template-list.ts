import { largest } from '../../model/numbers/extremes.ts'
import { wrappedUnder } from './wrapped.ts'

/** A line for each template: its name and purpose. */
export function templateList(templates: readonly { readonly name: string; readonly about: string }[]): string {
  const width = largest(templates.map(({ name }) => name.length)) + 2
  return templates.flatMap(({ name, about }) => wrappedUnder(name.padEnd(width), ' '.repeat(width), about)).join('\n')
}
