/** The versions of ai-dynamo, frontend and router included, that Fulcrum's own tests drive. */
export const testedDynamo: readonly string[] = ['1.4.2', '1.6.1']
