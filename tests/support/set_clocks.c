/* Clocks that a test sets: the offsets in seconds of CLOCK_REALTIME and CLOCK_BOOTTIME are read from the file that
   $SET_CLOCKS names, two doubles. Compiled and preloaded by tests.support.set_clocks. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile double *offsets;

__attribute__((constructor)) static void start(void) {
    const char *name = getenv("SET_CLOCKS");
    int file = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *place = mmap(NULL, 2 * sizeof(double), PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (place != MAP_FAILED) offsets = place;
}

static void ahead(struct timespec *moment, double seconds) {
    double whole = floor(seconds);
    moment->tv_sec += (time_t)whole;
    moment->tv_nsec += (long)((seconds - whole) * 1e9);
    if (moment->tv_nsec >= 1000000000L) { moment->tv_nsec -= 1000000000L; moment->tv_sec++; }
}

int clock_gettime(clockid_t clock, struct timespec *moment) {
    int failed = (int)syscall(SYS_clock_gettime, clock, moment);
    if (!failed && offsets) {
        if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) ahead(moment, offsets[0]);
        if (clock == CLOCK_BOOTTIME) ahead(moment, offsets[1]);
    }
    return failed;
}

time_t time(time_t *place) {
    struct timespec moment;
    clock_gettime(CLOCK_REALTIME, &moment);
    if (place) *place = moment.tv_sec;
    return moment.tv_sec;
}

int gettimeofday(struct timeval *place, void *zone) {
    struct timespec moment;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &moment);
    place->tv_sec = moment.tv_sec;
    place->tv_usec = moment.tv_nsec / 1000;
    return 0;
}

int timespec_get(struct timespec *moment, int base) {
    return base == TIME_UTC && !clock_gettime(CLOCK_REALTIME, moment) ? base : 0;
}
