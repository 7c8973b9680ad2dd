/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Command line. */
#define _GNU_SOURCE
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cases.h"
#include "fake_fault.h"

static const char usage[] =
    "Usage: nthost [OPTION]... DRIVER.sys CASE\n"
    "\n"
    "Loads a Windows 7 driver into this process, puts a PCI bus with virtio devices behind it and plays a case, under\n"
    "rules like Driver Verifier's. x86 drivers need nthost32. Exit status: 0 all held, 1 something failed or a rule was\n"
    "broken, 2 the command line or the machine does not serve.\n"
    "\n"
    "Devices\n"
    "  --disk FILE[,PROPS]   a virtio disk with the raw image FILE on QEMU; PROPS are properties of QEMU's\n"
    "                        virtio-blk-pci (disable-legacy=on, queue-size=64, event_idx=off, ...); may be repeated\n"
    "  --nic PROPS           a virtio network card on QEMU; PROPS are properties of QEMU's virtio-net-pci, netdev among\n"
    "                        them (--qemu-arg -netdev --qemu-arg ...); may be repeated\n"
    "  --tap NAME[,PROPS]    the same on the TAP device NAME, which exists where nthost runs, with vnet header\n"
    "  --input TEXT          an input device on QEMU: virtio-keyboard-pci, virtio-mouse-pci, virtio-tablet-pci, with properties\n"
    "                        (virtio-mouse-pci,wheel-axis=false); may be repeated\n"
    "  --sound FILE[,PROPS]  a virtio sound device on QEMU; what it plays goes to the WAV file FILE (48 kHz, stereo, 16\n"
    "                        bit); PROPS are properties of QEMU's virtio-sound-pci\n"
    "  --machine TEXT        QEMU's -machine: q35 (default) or pc\n"
    "  --qemu-arg ARG        one more argument for QEMU; may be repeated\n"
    "  --ram MIB             guest RAM (2048; half of it lies above 4 GiB)\n"
    "  --fault NAME          no QEMU but the fake device, with this fault (none: it is honest)\n"
    "\n"
    "System\n"
    "  --messages N          MSI-X messages that Windows grants (1); 0: line interrupt\n"
    "  --preempt PERCENT     chance that a pending interrupt hits the driver in the middle of its work (0)\n"
    "  --restart-at-dirql    ScsiRestartAdapter at DIRQL, as today's reference says\n"
    "  --boot-argument TEXT  ArgumentString of HwFindAdapter, for example dump=1\n"
    "  --null-entry          call DriverEntry without arguments, as the crash dump driver stack does\n"
    "  --keyword NAME=VALUE  an entry of a network adapter's registry key; may be repeated\n"
    "  --throttle N          received frames that a DPC may indicate (0: any number)\n"
    "  --module NAME=FILE    a real module as judge: hidparse.sys=FILE, for example that of Debian's libwine\n"
    "  --seed N              seed of all that is random (1)\n"
    "\n"
    "Case\n"
    "  --socket PATH         serve: where nbdkit's plug-in connects\n"
    "  --tap-above PLACE     net-serve: TAP device to make above the adapter: NAME or NAMESPACE/NAME; one per adapter\n"
    "  --format RATE:CHANNELS:BITS  of sound that is played and recorded (48000:2:16)\n"
    "  --tone HZ             play a sine in place of the pattern\n"
    "  --notifications N     events per cyclic buffer (2); 0: the position is polled\n"
    "  --descriptors FILE    input-descriptors: write them to FILE, a line each: lengths of the reports, descriptor\n"
    "  --text TEXT           input-type: letters, digits and spaces to type (Hello Windows 7)\n"
    "  --reason TEXT         refused: what the event log has to say\n"
    "  --count N             rounds of a case that repeats something\n"
    "  --trace               say every callback, import fault, register access and event on standard error\n"
    "  --list                list the cases\n"
    "  --list-faults         list the faults of the fake device\n"
    "  --help                this text\n"
    "\n"
    "Example\n"
    "  truncate -s 64M disk.img\n"
    "  build/nthost/tests/nthost/nthost --disk disk.img build/drivers/amd64/aerovblk.sys info\n";

static _Noreturn void wrong(const char *format, const char *what)
{
    fputs("nthost: ", stderr);
    fprintf(stderr, format, what);
    fputs(" (--help says more)\n", stderr);
    exit(2);
}

static void add_qemu_arg(struct options *o, const char *text)
{
    if (o->qemu_arg_count == MAX_QEMU_ARGS) {
        wrong("too many devices and QEMU arguments%s", "");
    }
    o->qemu_args[o->qemu_arg_count++] = text;
}

/* FILE[,PROPS] becomes a -blockdev and a -device; QEMU's direct cache mode stays off so that flushes are visible. */
static void add_disk(struct options *o, const char *text)
{
    static unsigned number;
    const char *comma = strchr(text, ',');
    int length = comma != NULL ? (int)(comma - text) : (int)strlen(text);
    char *blockdev = NULL, *device = NULL;
    if (length == 0 || asprintf(&blockdev, "driver=raw,node-name=disk%u,file.driver=file,file.filename=%.*s", number,
                                length, text) < 0 ||
        asprintf(&device, "virtio-blk-pci,drive=disk%u%s", number, comma != NULL ? comma : "") < 0) {
        wrong("--disk %s: a file name is missing", text);
    }
    add_qemu_arg(o, "-blockdev");
    add_qemu_arg(o, blockdev);
    add_qemu_arg(o, "-device");
    add_qemu_arg(o, device);
    number++;
}

/* A card on the TAP device of that name, which somebody else made and joined to a network. */
static void add_tap(struct options *o, const char *text)
{
    static unsigned number;
    const char *comma = strchr(text, ',');
    int length = comma != NULL ? (int)(comma - text) : (int)strlen(text);
    char *netdev = NULL, *device = NULL;
    if (length == 0 || asprintf(&netdev, "tap,id=tap%u,ifname=%.*s,vnet_hdr=on,script=no,downscript=no", number, length,
                                text) < 0 ||
        asprintf(&device, "virtio-net-pci,netdev=tap%u%s", number, comma != NULL ? comma : "") < 0) {
        wrong("--tap %s: a device name is missing", text);
    }
    add_qemu_arg(o, "-netdev");
    add_qemu_arg(o, netdev);
    add_qemu_arg(o, "-device");
    add_qemu_arg(o, device);
    number++;
}

static void add_nic(struct options *o, const char *props)
{
    char *device = NULL;
    if (asprintf(&device, "virtio-net-pci%s%s", *props != '\0' ? "," : "", props) < 0) {
        wrong("no memory for --nic %s", props);
    }
    add_qemu_arg(o, "-device");
    add_qemu_arg(o, device);
}

/* Fixed settings: what the driver's stream is converted to, if at all, does not depend on it. */
static void add_sound(struct options *o, const char *text)
{
    static unsigned number;
    const char *comma = strchr(text, ',');
    int length = comma != NULL ? (int)(comma - text) : (int)strlen(text);
    char *audiodev = NULL, *device = NULL;
    if (length == 0 || asprintf(&audiodev, "wav,id=sound%u,path=%.*s,out.frequency=48000,out.channels=2,out.format=s16,"
                                "out.fixed-settings=on", number, length, text) < 0 ||
        asprintf(&device, "virtio-sound-pci,audiodev=sound%u%s", number, comma != NULL ? comma : "") < 0) {
        wrong("--sound %s: a file name is missing", text);
    }
    add_qemu_arg(o, "-audiodev");
    add_qemu_arg(o, audiodev);
    add_qemu_arg(o, "-device");
    add_qemu_arg(o, device);
    number++;
}

static void set_format(struct options *o, const char *text)
{
    char end;
    if (sscanf(text, "%u:%u:%u%c", &o->rate, &o->channels, &o->bits, &end) != 3 || o->channels == 0 || o->channels > 8 ||
        o->bits % 8 != 0 || o->bits == 0 || o->bits > 32 || o->rate < 1000 || o->rate > 384000) {
        wrong("--format %s: RATE:CHANNELS:BITS is wanted", text);
    }
}

static void add_keyword(struct options *o, const char *text)
{
    if (o->keyword_count == MAX_KEYWORDS || strchr(text, '=') == NULL || text[0] == '=') {
        wrong("--keyword %s: NAME=VALUE is wanted, and not too many of them", text);
    }
    o->keywords[o->keyword_count++] = text;
}

static void add_tap_above(struct options *o, const char *text)
{
    if (o->tap_above_count == MAX_DEVICES || text[0] == '\0') {
        wrong("--tap-above %s: a name is missing, or there are too many", text);
    }
    o->tap_above[o->tap_above_count++] = text;
}

static void add_device(struct options *o, const char *text)
{
    add_qemu_arg(o, "-device");
    add_qemu_arg(o, text);
}

static void add_module(struct options *o, const char *text)
{
    static const char parser[] = "hidparse.sys=";
    if (strncmp(text, parser, strlen(parser)) != 0) {
        wrong("--module %s: only hidparse.sys=FILE is known", text);
    }
    o->parser = text + strlen(parser);
}

static unsigned long number(const char *option, const char *text, unsigned long most)
{
    char *end;
    unsigned long value = strtoul(text, &end, 0);
    if (*text == '\0' || *text == '-' || *end != '\0' || value > most) {
        fprintf(stderr, "nthost: --%s %s: a number from 0 to %lu is wanted (--help says more)\n", option, text, most);
        exit(2);
    }
    return value;
}

static void list_cases(void)
{
    for (size_t i = 0; i < all_cases_count; i++) {
        printf("%-10s %s\n", all_cases[i].name, all_cases[i].summary);
    }
}

/* Name, whether the driver has to work with it all the same, rows of the conformance list, text. */
static void list_faults(void)
{
    for (size_t i = 0; i < fake_fault_count; i++) {
        printf("%-22s %-6s %-20s %s\n", fake_faults[i].name, fake_faults[i].legal ? "legal" : "broken",
               fake_faults[i].rows, fake_faults[i].text);
    }
}

enum { DISK = 1, INPUT, MODULE, MACHINE, QEMU_ARG, RAM, FAULT, MESSAGES, PREEMPT, RESTART, BOOT, NULL_ENTRY, SEED, SOCKET, REASON, TEXT,
       COUNT, TRACE, LIST, FAULTS, HELP, NIC, TAP, TAP_ABOVE, KEYWORD, THROTTLE, SOUND, FORMAT, TONE, NOTIFY,
       DESCRIPTORS };

static const struct option names[] = {
    {"input", required_argument, NULL, INPUT},         {"module", required_argument, NULL, MODULE},
    {"disk", required_argument, NULL, DISK},           {"machine", required_argument, NULL, MACHINE},
    {"qemu-arg", required_argument, NULL, QEMU_ARG},   {"ram", required_argument, NULL, RAM},
    {"fault", required_argument, NULL, FAULT},         {"messages", required_argument, NULL, MESSAGES},
    {"preempt", required_argument, NULL, PREEMPT},     {"restart-at-dirql", no_argument, NULL, RESTART},
    {"boot-argument", required_argument, NULL, BOOT},  {"null-entry", no_argument, NULL, NULL_ENTRY},
    {"seed", required_argument, NULL, SEED},           {"socket", required_argument, NULL, SOCKET},
    {"text", required_argument, NULL, TEXT},           {"descriptors", required_argument, NULL, DESCRIPTORS},
    {"reason", required_argument, NULL, REASON},       {"count", required_argument, NULL, COUNT},
    {"trace", no_argument, NULL, TRACE},               {"list", no_argument, NULL, LIST},
    {"list-faults", no_argument, NULL, FAULTS},
    {"nic", required_argument, NULL, NIC},             {"tap", required_argument, NULL, TAP},
    {"tap-above", required_argument, NULL, TAP_ABOVE}, {"keyword", required_argument, NULL, KEYWORD},
    {"sound", required_argument, NULL, SOUND},         {"format", required_argument, NULL, FORMAT},
    {"tone", required_argument, NULL, TONE},           {"notifications", required_argument, NULL, NOTIFY},
    {"throttle", required_argument, NULL, THROTTLE},   {"help", no_argument, NULL, HELP},                 {NULL, 0, NULL, 0}};

static void take(struct options *o, int option, const char *text)
{
    switch (option) {
    case DISK: add_disk(o, text); break;
    case INPUT: add_device(o, text); break;
    case MODULE: add_module(o, text); break;
    case MACHINE: o->machine = text; break;
    case QEMU_ARG: add_qemu_arg(o, text); break;
    case RAM: o->ram_mib = number("ram", text, 65536); break;
    case FAULT: o->bus = "fake"; o->fault = text; break;
    case MESSAGES: o->system.messages = (unsigned)number("messages", text, BUS_MAX_VECTORS); break;
    case PREEMPT: o->system.preempt_percent = (unsigned)number("preempt", text, 100); break;
    case RESTART: o->system.restart_at_dirql = true; break;
    case BOOT: o->system.boot_argument = text; break;
    case NULL_ENTRY: o->null_entry = true; break;
    case SEED: o->system.seed = (unsigned)number("seed", text, 0xffffffffu); break;
    case SOCKET: o->socket = text; break;
    case TEXT: o->text = text; break;
    case DESCRIPTORS: o->descriptors = text; break;
    case REASON: o->reason = text; break;
    case COUNT: o->count = number("count", text, 1000000000); break;
    case NIC: add_nic(o, text); break;
    case TAP: add_tap(o, text); break;
    case TAP_ABOVE: add_tap_above(o, text); break;
    case KEYWORD: add_keyword(o, text); break;
    case THROTTLE: o->system.throttle = (unsigned)number("throttle", text, 100000); break;
    case TRACE: o->trace = true; break;
    case LIST: list_cases(); exit(0);
    case FAULTS: list_faults(); exit(0);
    case SOUND: add_sound(o, text); break;
    case FORMAT: set_format(o, text); break;
    case TONE: o->tone = (double)number("tone", text, 100000); break;
    case NOTIFY: o->notifications = (unsigned)number("notifications", text, 2); break;
    case HELP: fputs(usage, stdout); exit(0);
    default: exit(2);
    }
}

void options_parse(struct options *o, int argc, char **argv)
{
    int option;
    memset(o, 0, sizeof *o);
    o->bus = "qemu";
    o->machine = "q35";
    o->system.messages = 1;
    o->notifications = 2;
    o->system.seed = 1;
    o->system.keywords = o->keywords;
    opterr = 0;
    while ((option = getopt_long(argc, argv, "+", names, NULL)) != -1) {
        if (option == '?') {
            wrong("unknown option, or its value is missing: %s", argv[optind - 1]);
        }
        take(o, option, optarg);
    }
    if (argc - optind != 2) {
        wrong("%s", argc - optind < 2 ? "a driver and a case are wanted" : "too many arguments");
    }
    o->driver = argv[optind];
    o->case_name = argv[optind + 1];
    if (strcmp(o->case_name, "serve") == 0 && o->socket == NULL) {
        wrong("serve wants --socket PATH%s", "");
    }
    if (strcmp(o->case_name, "net-serve") == 0 && o->tap_above_count == 0) {
        wrong("net-serve wants --tap-above PLACE%s", "");
    }
    if (strcmp(o->bus, "qemu") == 0 && o->qemu_arg_count == 0) {
        wrong("no device: give --disk FILE, --tap NAME, --nic PROPS, --sound FILE or --fault NAME%s", "");
    }
}
