/*
 * Where a child finds the channel to its host. Both sides may come from different bundles, so the
 * places are named and not shared.
 */

/** The field of a thread's `workerData` that holds a {@link ThreadChannel}. */
export const threadChannelKey = 'ringfence';

/** The variable that holds the number of a process's file descriptor. */
export const processChannelVariable = 'RINGFENCE_CHANNEL';
