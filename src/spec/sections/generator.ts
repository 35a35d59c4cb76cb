import { z } from 'zod'
import type { AnyGenerator, ConfiguredGenerator } from '../../generators/define-generator.ts'
import { generatorNames, generatorOf, generators } from '../../generators/index.ts'
import type { Json } from '../../model/index.ts'
import { nearMiss } from '../../yaml/near-miss.ts'
import { type Path, quoted } from '../../yaml/problem.ts'
import { reportIssues } from '../../yaml/schema-issues.ts'
import type { SectionContext } from '../../yaml/section-context.ts'
import { isModulePath } from '../import-module.ts'
import { readPlugin } from '../plugins.ts'
import type { RawSweep } from '../schema/sweep.ts'

/** Reads the section `generator`. Null if it is invalid, which it reports. */
export async function readGenerator(
  raw: RawSweep['generator'],
  context: SectionContext,
): Promise<ConfiguredGenerator | null> {
  const { name, ...keys } = typeof raw === 'string' ? { name: raw } : raw
  const path = typeof raw === 'string' ? ['generator'] : ['generator', 'name']
  const generator = generatorOf(name) ?? (await loadedGenerator(name, path, context))
  if (generator === null) return null
  if (!generator.canSplit && 'shards' in keys && !('shards' in generator.schema.shape)) {
    const able = generators.filter(one => one.canSplit).map(one => one.name)
    const wrong = `the generator ${name} cannot split its load over processes`
    context.report(['generator', 'shards'], wrong, `remove shards, or write name: ${able.join(' or ')}`)
    return null
  }
  const section = z.strictObject({ generator: generator.schema })
  const parsed = section.safeParse({ generator: keys })
  if (parsed.success) return generator.configure(keys as { readonly [key: string]: Json }, context)
  reportIssues(section, { generator: keys }, parsed.error.issues, context.report)
  return null
}

async function loadedGenerator(name: string, path: Path, context: SectionContext): Promise<AnyGenerator | null> {
  const near = isModulePath(name) ? null : nearMiss(name, generatorNames)
  if (near !== null) {
    context.report(path, `generator is ${quoted(name)}`, `did you mean "${near}"?`)
    return null
  }
  return readPlugin<AnyGenerator>(name, 'generator', { path, taken: generatorNames }, context)
}
