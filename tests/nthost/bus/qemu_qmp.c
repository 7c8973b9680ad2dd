/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "qemu_qmp.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

/* The next line, terminated; NULL: none came in time. */
static char *next_line(struct qemu_qmp *qmp)
{
    for (;;) {
        char *line = qmp->line + qmp->next;
        char *end = memchr(line, '\n', qmp->used - qmp->next);
        ssize_t count;

        if (end != NULL) {
            *end = '\0';
            qmp->next = (size_t)(end - qmp->line) + 1;
            if (qmp->trace) {
                fprintf(stderr, "qmp< %s\n", line);
            }
            return line;
        }
        memmove(qmp->line, line, qmp->used - qmp->next);
        qmp->used -= qmp->next;
        qmp->next = 0;
        if (qmp->used == sizeof(qmp->line)) {
            return NULL;
        }
        do {
            count = recv(qmp->fd, qmp->line + qmp->used, sizeof(qmp->line) - qmp->used, 0);
        } while (count < 0 && errno == EINTR);
        if (count <= 0) {
            return NULL;
        }
        qmp->used += (size_t)count;
    }
}

static bool send_all(int fd, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t count = send(fd, text, length, MSG_NOSIGNAL);
        if (count < 0 && errno != EINTR) {
            return false;
        }
        if (count > 0) {
            text += count;
            length -= (size_t)count;
        }
    }
    return true;
}

const char *qemu_qmp_command(struct qemu_qmp *qmp, const char *command)
{
    char *line;

    if (qmp->trace) {
        fprintf(stderr, "qmp> %s\n", command);
    }
    if (!send_all(qmp->fd, command, strlen(command)) || !send_all(qmp->fd, "\n", 1)) {
        return NULL;
    }
    do {
        line = next_line(qmp);
    } while (line != NULL && strncmp(line, "{\"return\":", 10) != 0 && strncmp(line, "{\"error\":", 9) != 0);
    return line;
}

bool qemu_qmp_init(struct qemu_qmp *qmp, int fd, unsigned timeout_s, bool trace)
{
    struct timeval timeout = {.tv_sec = timeout_s};
    const char *reply;

    qmp->fd = fd;
    qmp->trace = trace;
    qmp->used = 0;
    qmp->next = 0;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) != 0 || next_line(qmp) == NULL) {
        return false;
    }
    reply = qemu_qmp_command(qmp, "{\"execute\":\"qmp_capabilities\"}");
    return reply != NULL && strncmp(reply, "{\"return\":", 10) == 0;
}
