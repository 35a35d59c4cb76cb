import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type ParsedNode,
  parseAllDocuments,
} from 'yaml'
import { isJsonObject, type Json, type JsonObject } from '../../model/index.ts'
import type { Position } from '../../yaml/problem.ts'
import type { FieldPath } from './fields.ts'

/** A problem of a manifest: place, error and remedy. */
export interface ManifestProblem {
  readonly at: Position
  readonly problem: string
  readonly right: string
}

/** One resource of the manifest. */
export interface ManifestDocument {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  readonly namespace: string | undefined
  readonly resource: JsonObject
  /** Position of the value at a path, or of the nearest enclosing one. */
  placeOf(path: FieldPath): Position
}

/** The supported API versions of Dynamo's resource. */
export type GraphVersion = 'v1alpha1' | 'v1beta1'

/** A manifest with exactly one DynamoGraphDeployment. */
export interface Manifest {
  readonly file: string
  readonly documents: readonly ManifestDocument[]
  readonly graph: ManifestDocument
  readonly version: GraphVersion
}

const graphKind = 'DynamoGraphDeployment'

/** Parses a manifest of one or several YAML documents. Never throws. */
export function parseManifest(
  text: string,
  file: string,
): { readonly manifest: Manifest | null; readonly problems: readonly ManifestProblem[] } {
  const lines = new LineCounter()
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const parsed = parseAllDocuments<ParsedNode>(text, { lineCounter: lines, prettyErrors: false, merge: true })
  const hint = /\{\{|\$\{/.test(text) ? 'render the template first' : undefined
  const problems: ManifestProblem[] = []
  const documents: ManifestDocument[] = []
  for (const document of Array.isArray(parsed) ? parsed : []) {
    const error = document.errors[0]
    if (error !== undefined) {
      const right = 'check indentation, quotes and brackets here'
      problems.push({ at: at(error.pos[0]), problem: `invalid YAML: ${error.message}`, right: hint ?? right })
      continue
    }
    const value: unknown = document.toJS()
    if (value === null) continue
    const start = at(document.contents?.range?.[0] ?? 0)
    const header = isJsonObject(value) ? headerOf(value) : null
    if (!isJsonObject(value) || header === null) {
      const right = hint ?? 'write apiVersion, kind and metadata.name'
      problems.push({ at: start, problem: 'this document is not a Kubernetes resource', right })
      continue
    }
    const resolve = (node: unknown): Node | undefined => {
      if (isAlias(node)) return node.resolve(document)
      return isNode(node) ? node : undefined
    }
    documents.push({
      ...header,
      resource: value,
      placeOf: path => at(offsetOf(document.contents ?? undefined, path, resolve)),
    })
  }
  if (problems.length > 0) return { manifest: null, problems }
  return withGraph(file, documents)
}

function withGraph(
  file: string,
  documents: readonly ManifestDocument[],
): { readonly manifest: Manifest | null; readonly problems: readonly ManifestProblem[] } {
  const refuse = (at: Position, problem: string, right: string) => ({
    manifest: null,
    problems: [{ at, problem, right }],
  })
  const [graph, second] = documents.filter(({ kind }) => kind === graphKind)
  if (graph === undefined) {
    const found = documents.map(({ kind }) => kind).join(', ') || 'nothing'
    return refuse(
      { line: 1, column: 1 },
      `the manifest has no ${graphKind}, only ${found}`,
      `add one, or write the path of the file that has it`,
    )
  }
  if (second !== undefined) {
    return refuse(
      second.placeOf([]),
      `the manifest has a second ${graphKind}`,
      'a sweep scales one of them: remove the other',
    )
  }
  const version = /^nvidia\.com\/(v1alpha1|v1beta1)$/.exec(graph.apiVersion)?.[1]
  if (version === undefined) {
    const problem = `Fulcrum does not know ${graphKind} ${graph.apiVersion}`
    return refuse(graph.placeOf(['apiVersion']), problem, 'write nvidia.com/v1beta1 or nvidia.com/v1alpha1')
  }
  return { manifest: { file, documents, graph, version: version as GraphVersion }, problems: [] }
}

function headerOf(value: JsonObject): Pick<ManifestDocument, 'apiVersion' | 'kind' | 'name' | 'namespace'> | null {
  const { apiVersion, kind, metadata } = value
  if (typeof apiVersion !== 'string' || typeof kind !== 'string' || !isJsonObject(metadata)) return null
  const { name, namespace } = metadata
  if (typeof name !== 'string') return null
  return { apiVersion, kind, name, namespace: typeof namespace === 'string' ? namespace : undefined }
}

function offsetOf(root: Node | undefined, path: FieldPath, resolve: (node: unknown) => Node | undefined): number {
  let node = resolve(root)
  let offset = node?.range?.[0] ?? 0
  for (const step of path) {
    if (typeof step === 'string') {
      const pair = isMap(node) ? node.items.find(({ key }) => isScalar(key) && key.value === step) : undefined
      if (pair === undefined) break
      offset = (isNode(pair.key) ? pair.key.range?.[0] : undefined) ?? offset
      node = resolve(pair.value)
    } else {
      const item: unknown = isSeq(node)
        ? node.items.find(
            entry => (resolve(entry) as { get?(key: string): Json } | undefined)?.get?.('name') === step.name,
          )
        : undefined
      if (item === undefined) break
      node = resolve(item)
      offset = node?.range?.[0] ?? offset
    }
  }
  return offset
}
