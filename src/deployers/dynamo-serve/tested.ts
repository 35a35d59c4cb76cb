/** The versions of ai-dynamo with `dynamo serve` that Fulcrum's own tests drive. */
export const testedDynamo: readonly string[] = ['0.3.1']
