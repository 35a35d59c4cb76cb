import type { Deployment } from '../../model/index.ts'

/** What a plan is told as: the deployments in order, what the order costs, and how long it takes. */
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
  /** Worker starts of this order, of nested loops, and the fewest that any order can have. */
  readonly cost: StartsView
  readonly nestedLoopCost: StartsView
  readonly lowerBound: number
  /** Whether no order has fewer. */
  readonly exact: boolean
  /** Null without a past run to learn from. */
  readonly estimate: { readonly seconds: number; readonly secondsAtLeast?: number; readonly basis: string } | null
}

/** What is asked of the deployments beside their load. */
export interface QualityPlanView {
  readonly at: 'deployment' | 'point'
  readonly questions: { readonly file: string; readonly questions: readonly unknown[] } | null
  readonly lmEval: { readonly tasks: readonly string[] } | null
}

/** What an order starts; frontends only of a sweep with variants. */
interface StartsView {
  readonly workersStarted: number
  readonly frontendsRestarted?: number
}

/** A dataset as it was read; lengths in tokens. */
export interface DatasetView {
  readonly workload: string
  readonly file: string
  readonly format: string
  readonly rows: number
  /** Rows whose lengths were counted. */
  readonly counted: number
  readonly isl: LengthView
  readonly osl: LengthView
  /** Whether rows have images: the ISL is then of the text alone. */
  readonly images?: true
}

/** A trace as it was read; lengths in tokens. */
export interface TraceView {
  readonly file: string
  /** Requests that are replayed, and those of the file. */
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

/** A request of the load; secrets are names, the prompt is its length. */
export interface RequestView {
  readonly url: string
  readonly headers: { readonly [name: string]: string }
  readonly body: { readonly [field: string]: unknown }
}

/** How the load asks: a request, or the command that sends it. */
export type LoadExampleView =
  | ({ readonly kind: 'request' } & RequestView)
  | { readonly kind: 'command'; readonly argv: readonly string[] }

/** What reaching one deployment from the one before would run, or what the load is sent from. */
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
