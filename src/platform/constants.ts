/** Numbers of the Linux interface, the same on x64 and arm64. */
export const CLOCK_MONOTONIC = 1;

export const ERRNO = {
  EPERM: 1,
  ENOENT: 2,
  ESRCH: 3,
  EINTR: 4,
  EBADF: 9,
  EAGAIN: 11,
  EACCES: 13,
  EEXIST: 17,
  EINVAL: 22,
  ENOSYS: 38,
  ECONNREFUSED: 111,
} as const;

export const LOCK_EX = 2;
export const LOCK_NB = 4;
