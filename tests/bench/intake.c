/* The benchmark of the intake: stopwatch, test file and table.
 *
 *     intake file PATH BYTES            what a camera writes: does not compress
 *     intake floor BYTES                libsodium alone: two hashes and the sealing
 *     intake run NAME RESULTS COMMAND   runs it, adds "NAME WALL CPU KIB" to RESULTS
 *     intake table RESULTS BYTES        medians and ratios against the budgets
 */

#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RUNS_MAX 256u
#define OURS "feldsher"

/* The peers, and the share of their processor time that ours may take. The
 * share of restic's was set when it compressed as hard as it can. */
static const struct {
    const char *name;
    double cpu; /* 0: no budget */
} peers[] = {
    {"libsodium", 0}, {"age", 0},           {"zstd|age+b2sum", 0}, {"borg", 0.4},
    {"restic", 0},    {"restic-max", 0.17}, {"rclone-crypt", 0.6},
};
#define CPU_BUDGET 3.7  /* s a GB */
#define WALL_BUDGET 2.0 /* times stock age */
#define KIB_BUDGET (48 * 1024)

struct median {
    unsigned runs;
    double wall, cpu, kib;
};

static int make_file(const char *path, unsigned long long bytes)
{
    static uint8_t block[1 << 20];
    uint8_t seed[randombytes_SEEDBYTES] = {0};
    FILE *f = fopen(path, "wb");
    if (!f)
        return 1;
    bool good = true;
    for (unsigned long long at = 0; at < bytes && good; at += sizeof block) {
        memcpy(seed, &at, sizeof at);
        randombytes_buf_deterministic(block, sizeof block, seed);
        size_t n = bytes - at < sizeof block ? (size_t)(bytes - at) : sizeof block;
        good = fwrite(block, 1, n, f) == n;
    }
    return fclose(f) != 0 || !good;
}

/* What no intake of these formats can go below, on this machine at this hour. */
static int floor_of(unsigned long long bytes)
{
    static uint8_t plain[64 << 10], sealed[sizeof plain + crypto_aead_chacha20poly1305_ietf_ABYTES];
    uint8_t key[32] = {0}, nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES] = {0}, hash[32];
    crypto_generichash_state a, b;
    unsigned long long n;
    crypto_generichash_init(&a, NULL, 0, sizeof hash);
    crypto_generichash_init(&b, NULL, 0, sizeof hash);
    for (unsigned long long at = 0; at < bytes; at += sizeof plain) {
        crypto_generichash_update(&a, plain, sizeof plain);
        crypto_aead_chacha20poly1305_ietf_encrypt(sealed, &n, plain, sizeof plain, NULL, 0, NULL, nonce, key);
        crypto_generichash_update(&b, sealed, n);
    }
    crypto_generichash_final(&a, hash, sizeof hash);
    crypto_generichash_final(&b, hash, sizeof hash);
    return 0;
}

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static int run(const char *name, const char *results, char **command)
{
    struct timespec start, end;
    struct rusage u;
    int status;
    clock_gettime(CLOCK_MONOTONIC, &start);
    pid_t pid = fork();
    if (pid == 0) {
        execvp(command[0], command);
        _exit(127);
    }
    if (pid < 0 || wait4(pid, &status, 0, &u) != pid)
        return 1;
    clock_gettime(CLOCK_MONOTONIC, &end);
    FILE *f = fopen(results, "a");
    if (!f)
        return 1;
    double wall = (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
    fprintf(f, "%s %.3f %.3f %ld\n", name, wall, seconds(u.ru_utime) + seconds(u.ru_stime), u.ru_maxrss);
    if (fclose(f) != 0)
        return 1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double middle(double *v, unsigned n)
{
    qsort(v, n, sizeof *v, by_value);
    return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

static struct median median_of(const char *results, const char *name)
{
    double wall[RUNS_MAX], cpu[RUNS_MAX], kib[RUNS_MAX];
    struct median m = {0};
    char who[64];
    FILE *f = fopen(results, "r");
    while (f && m.runs < RUNS_MAX && fscanf(f, "%63s %lf %lf %lf", who, &wall[m.runs], &cpu[m.runs], &kib[m.runs]) == 4)
        if (strcmp(who, name) == 0)
            m.runs++;
    if (f)
        fclose(f);
    if (m.runs) {
        m.wall = middle(wall, m.runs);
        m.cpu = middle(cpu, m.runs);
        m.kib = middle(kib, m.runs);
    }
    return m;
}

static void row(const char *name, const struct median *m, double gb, const struct median *ours)
{
    printf("  %-16s %7.2f %9.2f %9.1f %9.2f %9.2f\n", name, m->wall, m->cpu / gb, m->kib / 1024, ours->wall / m->wall,
           ours->cpu / m->cpu);
}

static int verdict(const char *what, double is, double budget)
{
    printf("  %-34s %7.2f  budget %6.2f  %s\n", what, is, budget, is <= budget ? "kept" : "BROKEN");
    return is > budget;
}

static int table(const char *results, double bytes)
{
    double gb = bytes / 1e9;
    struct median ours = median_of(results, OURS), age = median_of(results, "age");
    if (!ours.runs)
        return 1;
    printf("intake of %.2f GB, medians of %u runs; ours/it: the smaller the better for us\n", gb, ours.runs);
    printf("  %-16s %7s %9s %9s %9s %9s\n", "", "wall s", "CPU s/GB", "peak MiB", "our wall", "our CPU");
    row(OURS, &ours, gb, &ours);
    for (size_t i = 0; i < sizeof peers / sizeof *peers; i++) {
        struct median m = median_of(results, peers[i].name);
        if (m.runs)
            row(peers[i].name, &m, gb, &ours);
    }
    int broken = verdict("CPU s/GB", ours.cpu / gb, CPU_BUDGET);
    broken += verdict("peak MiB", ours.kib / 1024, (double)KIB_BUDGET / 1024);
    if (age.runs)
        broken += verdict("wall, of age's", ours.wall / age.wall, WALL_BUDGET);
    for (size_t i = 0; i < sizeof peers / sizeof *peers; i++) {
        char what[64];
        struct median m = median_of(results, peers[i].name);
        snprintf(what, sizeof what, "CPU, of %s's", peers[i].name);
        if (m.runs && peers[i].cpu > 0)
            broken += verdict(what, ours.cpu / m.cpu, peers[i].cpu);
    }
    return broken ? 1 : 0;
}

int main(int argc, char **argv)
{
    if (sodium_init() < 0)
        return 70;
    if (argc == 4 && strcmp(argv[1], "file") == 0)
        return make_file(argv[2], strtoull(argv[3], NULL, 10));
    if (argc == 3 && strcmp(argv[1], "floor") == 0)
        return floor_of(strtoull(argv[2], NULL, 10));
    if (argc > 4 && strcmp(argv[1], "run") == 0)
        return run(argv[2], argv[3], argv + 4);
    if (argc == 4 && strcmp(argv[1], "table") == 0)
        return table(argv[2], strtod(argv[3], NULL));
    fputs("usage: intake file PATH BYTES | floor BYTES | run NAME RESULTS COMMAND... | table RESULTS BYTES\n", stderr);
    return 64;
}
