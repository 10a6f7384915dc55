// Moves the wall clock of the process that it is preloaded into (LD_PRELOAD) by as many seconds as the file named by
// WALLCLOCK_FILE holds, at any time. Every other clock, and every timer, stays the kernel's.
//
// Not Debian's libfaketime: its timerfd_settime moves absolute times of every clock, so that with the wall clock an hour
// back each timer of CLOCK_BOOTTIME, which is all that Swift's Task.sleep has, came an hour late.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

// Read ten times a second at most.
static long offset(void) {
    static atomic_long seconds;
    static atomic_long read_at = -1;
    struct timespec now;
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
    long tick = now.tv_sec * 10 + now.tv_nsec / 100000000;
    if (atomic_exchange(&read_at, tick) != tick) {
        const char *path = getenv("WALLCLOCK_FILE");
        int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
        if (file >= 0) {
            char text[32] = {0};
            if (read(file, text, sizeof text - 1) > 0) atomic_store(&seconds, strtol(text, NULL, 10));
            close(file);
        }
    }
    return atomic_load(&seconds);
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    int result = (int)syscall(SYS_clock_gettime, clock, time);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) time->tv_sec += offset();
    return result;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    int result = (int)syscall(SYS_gettimeofday, time, zone);
    if (result == 0 && time) time->tv_sec += offset();
    return result;
}

time_t time(time_t *into) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (into) *into = now.tv_sec;
    return now.tv_sec;
}
