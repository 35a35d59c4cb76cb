import type { z } from 'zod'
import type { AnyDeployer } from '../deployers/define-deployer.ts'
import { isRecord } from '../model/index.ts'
import { quoted, type Report } from '../yaml/problem.ts'
import { reportIssues } from '../yaml/schema-issues.ts'
import { type RawSweep, schemaWithoutDeployer, sweepSchemaOf } from './schema/sweep.ts'

/** The valid sections of a sweep file; an invalid section has no key. */
export type Sections = RawSweep

/**
 * Checks each section against its schema.
 * @param deployers deployers that `deploy` may name; null if it names one that cannot be loaded, which is already
 *   reported
 * @param only sections to check; default: all, rejecting unknown ones
 */
export function readSections(
  value: unknown,
  deployers: readonly AnyDeployer[] | null,
  report: Report,
  only?: readonly (keyof Sections)[],
): Partial<Sections> {
  const sweepSchema = deployers === null ? schemaWithoutDeployer : sweepSchemaOf(deployers)
  if (!isRecord(value)) {
    const empty = value === null
    report(
      [],
      empty ? 'the sweep file is empty' : `the sweep file is ${quoted(value)} instead of key: value pairs`,
      'write name, model, deploy, workloads and load; `fulcrum init` creates a file to start from',
    )
    return {}
  }
  const unknown = Object.keys(value).filter(key => !Object.hasOwn(sweepSchema.shape, key))
  if (unknown.length > 0 && only === undefined) {
    const message = ''
    reportIssues(
      sweepSchema,
      value,
      [{ code: 'unrecognized_keys', keys: unknown, path: [], input: value, message }],
      report,
    )
  }
  const sections: { [section: string]: unknown } = {}
  for (const [name, schema] of Object.entries(sweepSchema.shape) as [keyof Sections, z.ZodType][]) {
    if (only?.includes(name) === false) continue
    const parsed = schema.safeParse(Object.hasOwn(value, name) ? value[name] : undefined)
    if (parsed.success) sections[name] = parsed.data
    else {
      const issues = parsed.error.issues.map(issue => ({ ...issue, path: [name, ...issue.path] }))
      reportIssues(sweepSchema, value, issues, report)
    }
  }
  return sections as Partial<Sections>
}
