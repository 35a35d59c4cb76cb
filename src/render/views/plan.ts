import type { Deployment } from '../../model/index.ts'

/** A plan's deployments in order, the cost of the order, and the expected time. */
export interface PlanView {
  readonly sweep: {
    readonly name: string
    readonly search: string
    readonly datasets?: readonly DatasetView[]
    readonly traces?: readonly TraceView[]
    readonly quality?: QualityPlanView
    readonly warnings: readonly string[]
  }
  readonly deployments: readonly {
    readonly deployment: Pick<Deployment, 'topology' | 'engine' | 'variant'>
    readonly points: readonly unknown[]
  }[]
  readonly pointCount: number
  /** Worker starts of this order and of nested loops, and the minimum over all orders. */
  readonly cost: StartsView
  readonly nestedLoopCost: StartsView
  readonly lowerBound: number
  /** Whether this order is proven to be minimal. */
  readonly exact: boolean
  /** Null without a past run to estimate from. */
  readonly estimate: { readonly seconds: number; readonly secondsAtLeast?: number; readonly basis: string } | null
}

/** Quality questions that the deployments answer in addition to their load. */
export interface QualityPlanView {
  readonly at: 'deployment' | 'point'
  readonly questions: { readonly file: string; readonly questions: readonly unknown[] } | null
  readonly lmEval: { readonly tasks: readonly string[] } | null
}

/** Starts that an order needs; frontends only in a sweep with variants. */
interface StartsView {
  readonly workersStarted: number
  readonly frontendsRestarted?: number
}

/** Summary of a dataset; lengths in tokens. */
export interface DatasetView {
  readonly workload: string
  readonly file: string
  readonly format: string
  readonly rows: number
  /** Rows with counted lengths. */
  readonly counted: number
  readonly isl: LengthView
  readonly osl: LengthView
  /** True if rows have images. The ISL then covers the text only. */
  readonly images?: true
}

/** Summary of a trace; lengths in tokens. */
export interface TraceView {
  readonly file: string
  /** Replayed requests; `inFile` counts all requests of the file. */
  readonly requests: number
  readonly inFile: number
  readonly sessions: number | null
  readonly unit: string
  readonly spanS: number
  readonly isl: LengthView
  readonly osl: LengthView
  readonly reusable: number | null
}

interface LengthView {
  readonly mean: number
  readonly min: number
  readonly max: number
}

/** A request of the load. It shows the names of secrets and the length of the prompt instead of their values. */
export interface RequestView {
  readonly url: string
  readonly headers: { readonly [name: string]: string }
  readonly body: { readonly [field: string]: unknown }
}

/** How the load is sent: a request, or the command that sends it. */
export type LoadExampleView =
  | ({ readonly kind: 'request' } & RequestView)
  | { readonly kind: 'command'; readonly argv: readonly string[] }

/** Commands that lead from one deployment to the next, or the source of the load. */
export interface PreviewView {
  readonly label: string
  readonly points: number
  readonly preview: {
    readonly files: readonly { readonly path: string; readonly content: string }[]
    readonly commands: readonly {
      readonly argv: readonly string[]
      readonly env: { readonly [name: string]: string }
      readonly note?: string
    }[]
    readonly requests?: readonly RequestView[]
  }
}
