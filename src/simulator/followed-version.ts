/** Versions of Dynamo whose frontend and mocker the engine can follow; the first unless a profile says otherwise. */
export const followedVersions = ['1.6.1', '1.4.2'] as const

/** One of {@link followedVersions}. */
export type FollowedVersion = (typeof followedVersions)[number]
