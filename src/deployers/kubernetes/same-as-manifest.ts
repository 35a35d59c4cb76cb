import { FulcrumError } from '../../model/index.ts'
import type { Cluster } from './cluster.ts'
import { type Field, withFields } from './fields.ts'
import type { ManifestDocument } from './manifest.ts'
import { conflictsOf, manifestManager, withoutNamespace } from './standing.ts'

/** A resource of the manifest that already exists in the cluster. */
export interface ExistingResource {
  readonly file: string
  readonly document: ManifestDocument
  readonly path: string
  /** Fields that the sweep changes. */
  readonly changed: readonly Field[]
}

/**
 * Checks with a dry run that an existing resource matches the manifest.
 * @throws FulcrumError bad-input `manifest-differs` with the first field that another manager set differently
 */
export async function requireSame(cluster: Cluster, found: ExistingResource, signal: AbortSignal): Promise<void> {
  const { file, document, path, changed } = found
  // Excludes fields that the sweep changes, because an admission webhook may reject changes of an adapter's replicas.
  const rest = withFields(
    withoutNamespace(document.resource),
    changed.map(field => ({ ...field, value: undefined })),
  )
  try {
    await cluster.apply(path, rest, { manager: manifestManager, force: false, dryRun: true }, signal)
  } catch (error) {
    if (!(error instanceof FulcrumError) || error.code !== 'kubernetes-conflict') throw error
    const [first, ...more] = conflictsOf(error.cause, changed)
    if (first === undefined) return
    const { line, column } = document.placeOf([])
    const others = more.length === 0 ? '' : ` and ${more.length} more`
    throw new FulcrumError(
      'bad-input',
      'manifest-differs',
      `${file}:${line}:${column}: ${document.kind} ${document.name} is in the cluster with another ${first.field}${others} (set by ${first.manager})`,
      {
        remedy: 'Apply the manifest with kubectl, or delete the existing resource, so that Fulcrum creates it.',
        cause: error,
      },
    )
  }
}
