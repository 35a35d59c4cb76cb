import type { z } from 'zod'
import { isRecord } from '../model/index.ts'
import { nearMiss } from './near-miss.ts'
import { type Path, pathText, quoted, type Report } from './problem.ts'
import { expectedAt, keysAt, wordsAt } from './schema-walk.ts'

type Issue = z.core.$ZodIssue

/** Reports the issues found by a schema, each in words and with a remedy. */
export function reportIssues(root: z.ZodType, value: unknown, issues: readonly Issue[], report: Report): void {
  for (const issue of issues.flatMap(flatten)) {
    const path = issue.path.map(step => (typeof step === 'symbol' ? String(step) : step))
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) reportUnknownKey(root, value, path, key, report)
      continue
    }
    if (issue.code === 'invalid_key') {
      const parent = path.slice(0, -1)
      report(parent, `${pathText(parent)} has an invalid name: ${quoted(path.at(-1))}`, expectedAt(root, value, parent))
      continue
    }
    const found = valueAt(value, path)
    if (found === undefined && path.length > 0) {
      const parent = path.slice(0, -1)
      report(parent, `${pathText(path)} is missing`, expectedAt(root, value, path))
      continue
    }
    report(
      path,
      `${pathText(path)} ${complaint(issue, found)}`,
      suggestion(root, value, issue, path, found) ?? expectedAt(root, value, path),
    )
  }
}

/** Issues of the alternative that was most likely meant, or the union's own issue if no alternative stands out. */
function flatten(issue: Issue): readonly Issue[] {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [issue]
  const branches = issue.errors
    .map(errors => errors.flatMap(flatten))
    .filter(errors => !errors.some(error => error.path.length === 0 && isOtherType(error)))
    .sort((a, b) => weight(a) - weight(b))
  const best = branches[0]
  if (best === undefined) return [issue]
  return best.map(error => ({ ...error, path: [...issue.path, ...error.path] }) as Issue)
}

const isOtherType = (issue: Issue) =>
  issue.code === 'invalid_type' || issue.code === 'invalid_union' || issue.code === 'invalid_value'

/**
 * Weight of an alternative's issues: the higher, the less likely it was meant. Unknown keys weigh most, and a missing
 * key weighs more than a wrong value.
 */
function weight(issues: readonly Issue[]): number {
  return issues.reduce(
    (sum, issue) =>
      sum + (issue.code === 'unrecognized_keys' ? 2 * issue.keys.length : issue.code === 'invalid_type' ? 1.5 : 1),
    0,
  )
}

function reportUnknownKey(root: z.ZodType, value: unknown, path: Path, key: string, report: Report): void {
  const known = keysAt(root, value, path)
  if (known.includes(key)) {
    // A key of another alternative: `aggregated` beside `prefill`.
    const right = expectedAt(root, value, path)
    report([...path, key], `${quoted(key)} cannot be combined with the other keys of ${pathText(path)}`, right, 'key')
    return
  }
  const near = nearMiss(key, known)
  const place = path.length === 0 ? '' : ` in ${pathText(path)}`
  const right = near === null ? `known keys: ${known.join(', ')}` : `did you mean "${near}"?`
  report([...path, key], `unknown key ${quoted(key)}${place}`, right, 'key')
}

function suggestion(root: z.ZodType, value: unknown, issue: Issue, path: Path, found: unknown): string | undefined {
  const isInfinite = typeof found === 'number' && !Number.isFinite(found) && path.length > 0
  // The remedy of the map around it, such as "write setting: value pairs", does not fit a number in it.
  if (isInfinite && expectedAt(root, value, path) === expectedAt(root, value, path.slice(0, -1)))
    return 'write a finite number'
  if (typeof found !== 'string') return undefined
  const named = issue.code === 'invalid_union' && 'options' in issue ? (issue.options as readonly unknown[]) : []
  const words = [...wordsAt(root, value, path), ...named.filter(word => typeof word === 'string')]
  const near = nearMiss(found, words)
  return near === null ? undefined : `did you mean "${near}"?`
}

function complaint(issue: Issue, found: unknown): string {
  switch (issue.code) {
    case 'too_small':
      if (issue.origin === 'array') return 'is an empty list'
      if (issue.origin === 'string') return 'is empty'
      return `is ${quoted(found)}, ${issue.inclusive ? 'below' : 'not above'} ${issue.minimum}`
    case 'too_big':
      return issue.origin === 'number' || issue.origin === 'int'
        ? `is ${quoted(found)}, above ${issue.maximum}`
        : `is longer than ${issue.maximum}`
    case 'invalid_type':
      return found === null ? 'has no value' : `is ${kindOf(found)}`
    default:
      return found === null ? 'has no value' : isScalar(found) ? `is ${quoted(found)}` : `is ${kindOf(found)}`
  }
}

const isScalar = (value: unknown) => ['string', 'number', 'boolean'].includes(typeof value)

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (isRecord(value)) return 'a map'
  if (typeof value === 'string') return `the text ${quoted(value)}`
  return quoted(value)
}

function valueAt(value: unknown, path: Path): unknown {
  let found = value
  for (const step of path) {
    if (Array.isArray(found) && typeof step === 'number') found = found[step]
    else if (isRecord(found) && Object.hasOwn(found, step)) found = found[String(step)]
    else return undefined
  }
  return found
}
