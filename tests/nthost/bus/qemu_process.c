/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64 /* guest RAM is larger than 2 GiB in the 32-bit build too */
#include "qemu_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    FIRMWARE_SIZE = 65536,
    FIRMWARE_ENTRY = 0xfff0,
    ENDING_TIMEOUT_MS = 1000,
    STOP_TIMEOUT_MS = 10000,
    MAX_ARGS = 256
};

static const uint64_t mib = 1024 * 1024;
static const uint64_t max_low_mib = 2048; /* leaves the addresses from 2 GiB to 4 GiB to the devices */

/* The firmware: a CPU that halts for good. */
static int make_firmware(void)
{
    static const unsigned char entry[] = {0xfa, 0xf4, 0xeb, 0xfd}; /* cli; hlt; jmp back */
    unsigned char image[4096];
    int fd = memfd_create("halt-firmware", MFD_CLOEXEC);
    unsigned offset;

    for (offset = 0; fd >= 0 && offset < FIRMWARE_SIZE; offset += sizeof(image)) {
        memset(image, 0xf4, sizeof(image));
        if (offset + sizeof(image) == FIRMWARE_SIZE) {
            memcpy(image + FIRMWARE_ENTRY % sizeof(image), entry, sizeof(entry));
        }
        if (write(fd, image, sizeof(image)) != (ssize_t)sizeof(image)) {
            close(fd);
            fd = -1;
        }
    }
    return fd;
}

/* A sparse file without a name in folder. */
static int make_sparse(const char *folder, uint64_t size, bool check_room)
{
    char path[512];
    struct statvfs room;
    int fd;

    if (check_room && (statvfs(folder, &room) != 0 || (uint64_t)room.f_bavail * room.f_frsize < size)) {
        errno = ENOSPC;
        return -1;
    }
    if (snprintf(path, sizeof(path), "%s/nthost-ram-XXXXXX", folder) >= (int)sizeof(path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0) {
        return -1;
    }
    unlink(path);
    if (ftruncate(fd, (off_t)size) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static bool make_ram(struct bus_ram *ram, const struct bus_qemu_options *options, char *error, size_t error_size)
{
    const char *folder = options->run_dir != NULL ? options->run_dir : "/tmp";
    uint64_t size_mib = options->ram_mib != 0 ? options->ram_mib : 2048;
    uint64_t low_mib = size_mib / 2 < max_low_mib ? size_mib / 2 : max_low_mib;

    if (size_mib < 16 || size_mib % 2 != 0 || size_mib > 256 * 1024) {
        snprintf(error, error_size, "guest RAM of %llu MiB: must be an even number from 16 to 262144",
                 (unsigned long long)size_mib);
        return false;
    }
    ram->size = size_mib * mib;
    ram->low_size = low_mib * mib;
    ram->first_free = mib;
    ram->fd = make_sparse("/dev/shm", ram->size, true);
    if (ram->fd < 0) {
        ram->fd = make_sparse(folder, ram->size, false);
    }
    if (ram->fd < 0) {
        snprintf(error, error_size, "guest RAM file in %s: %s", folder, strerror(errno));
        return false;
    }
    return true;
}

/* In the child. Never returns. */
static void run_qemu(const char *program, char **argv, const int *keep, int log_fd, pid_t parent)
{
    int null_fd = open("/dev/null", O_RDONLY);
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL); /* whatever the host blocks, QEMU is to hear SIGTERM */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
        _exit(127);
    }
    dup2(null_fd, STDIN_FILENO);
    dup2(log_fd, STDOUT_FILENO);
    dup2(log_fd, STDERR_FILENO);
    for (; *keep >= 0; keep++) {
        fcntl(*keep, F_SETFD, 0);
    }
    execvp(program, argv);
    dprintf(STDERR_FILENO, "cannot run %s: %s\n", program, strerror(errno));
    _exit(127);
}

struct qemu_files {
    int qtest, qmp, firmware, ram; /* the child's ends */
};

/* Builds the command line and forks. 0: failed, errno set. */
static pid_t launch(const struct bus_qemu_options *options, const char *program, const struct qemu_files *files,
                    const struct bus_ram *ram, int log_fd)
{
    char bios[64], machine[512], memory[32], ram_object[160], qtest[64], qmp[64];
    /* clang-format off */
    char *argv[MAX_ARGS] = {
        (char *)program, "-accel", "tcg", "-nodefaults", "-no-user-config", "-display", "none",
        "-bios", bios, "-machine", machine, "-m", memory, "-object", ram_object,
        "-chardev", qtest, "-qtest", "chardev:qtest0", "-qtest-log", "/dev/null",
        "-chardev", qmp, "-mon", "chardev=qmp0,mode=control", NULL};
    /* clang-format on */
    const int keep[] = {files->qtest, files->qmp, files->firmware, files->ram, -1};
    const char *const *arg;
    unsigned argc = 0;
    pid_t parent = getpid(), child;

    snprintf(bios, sizeof(bios), "/proc/self/fd/%d", files->firmware);
    if (snprintf(machine, sizeof(machine), "%s,memory-backend=ram,pit=off,hpet=off,max-ram-below-4g=%lluM",
                 options->machine, (unsigned long long)(ram->low_size / mib)) >= (int)sizeof(machine)) {
        errno = E2BIG;
        return 0;
    }
    snprintf(memory, sizeof(memory), "%lluM", (unsigned long long)(ram->size / mib));
    snprintf(ram_object, sizeof(ram_object), "memory-backend-file,id=ram,size=%s,mem-path=/proc/self/fd/%d,share=on",
             memory, files->ram);
    snprintf(qtest, sizeof(qtest), "socket,id=qtest0,fd=%d", files->qtest);
    snprintf(qmp, sizeof(qmp), "socket,id=qmp0,fd=%d", files->qmp);
    while (argv[argc] != NULL) {
        argc++;
    }
    for (arg = options->args; arg != NULL && *arg != NULL; arg++) {
        if (argc + 1 == MAX_ARGS) {
            errno = E2BIG;
            return 0;
        }
        argv[argc++] = (char *)*arg;
    }
    child = fork();
    if (child == 0) {
        run_qemu(program, argv, keep, log_fd, parent);
    }
    return child > 0 ? child : 0;
}

static void close_file(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
        *fd = -1;
    }
}

bool qemu_process_start(struct qemu_process *process, const struct bus_qemu_options *options, struct bus_ram *ram,
                        char *error, size_t error_size)
{
    int qtest[2] = {-1, -1}, qmp[2] = {-1, -1};
    struct qemu_files files = {.firmware = -1};

    process->pid = 0;
    process->log_fd = -1;
    snprintf(process->program, sizeof(process->program), "%s",
             options->qemu != NULL ? options->qemu : "qemu-system-x86_64");
    if (!make_ram(ram, options, error, error_size)) {
        return false;
    }
    files.firmware = make_firmware();
    process->log_fd = memfd_create("qemu-log", MFD_CLOEXEC);
    if (files.firmware >= 0 && process->log_fd >= 0 && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, qtest) == 0 &&
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, qmp) == 0) {
        files.qtest = qtest[1];
        files.qmp = qmp[1];
        files.ram = ram->fd;
        process->pid = launch(options, process->program, &files, ram, process->log_fd);
    }
    if (process->pid == 0) {
        snprintf(error, error_size, "cannot start %s: %s", process->program, strerror(errno));
        close_file(&qtest[0]);
        close_file(&qmp[0]);
        close_file(&process->log_fd);
        close_file(&ram->fd);
    }
    close_file(&qtest[1]);
    close_file(&qmp[1]);
    close_file(&files.firmware);
    process->qtest_fd = qtest[0];
    process->qmp_fd = qmp[0];
    return process->pid != 0;
}

/* The first line of QEMU's stderr that is no warning. */
static bool log_line(int fd, char *line, size_t size)
{
    char text[4096];
    ssize_t count = pread(fd, text, sizeof(text) - 1, 0);
    char *save = NULL, *at;

    text[count > 0 ? count : 0] = '\0';
    for (at = strtok_r(text, "\n", &save); at != NULL; at = strtok_r(NULL, "\n", &save)) {
        if (strstr(at, "warning: ") == NULL && strstr(at, "GLib: ") == NULL &&
            strstr(at, "terminating on signal") == NULL) {
            snprintf(line, size, "%s", at);
            return true;
        }
    }
    return false;
}

/* Waits up to timeout_ms for the child's end. */
static bool wait_for(pid_t pid, unsigned timeout_ms, int *status)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    unsigned waited_ms;

    for (waited_ms = 0; waitpid(pid, status, WNOHANG) == 0; waited_ms++) {
        if (waited_ms == timeout_ms) {
            return false;
        }
        nanosleep(&pause, NULL);
    }
    return true;
}

void qemu_process_stop(struct qemu_process *process, bool is_ending, char *why, size_t why_size)
{
    bool told = false;
    int status = 0;

    if (process->pid == 0) {
        return;
    }
    if (!wait_for(process->pid, is_ending ? ENDING_TIMEOUT_MS : 0, &status)) {
        told = true;
        kill(process->pid, SIGTERM);
        if (!wait_for(process->pid, STOP_TIMEOUT_MS, &status)) {
            kill(process->pid, SIGKILL);
            waitpid(process->pid, &status, 0);
        }
    }
    process->pid = 0;
    if (!log_line(process->log_fd, why, why_size)) {
        if (told) {
            snprintf(why, why_size, "%s was ended by the bus", process->program);
        } else if (WIFSIGNALED(status)) {
            snprintf(why, why_size, "%s was ended by signal %d", process->program, WTERMSIG(status));
        } else {
            snprintf(why, why_size, "%s ended with exit code %d", process->program, WEXITSTATUS(status));
        }
    }
    close_file(&process->qtest_fd);
    close_file(&process->qmp_fd);
    close_file(&process->log_fd);
}
