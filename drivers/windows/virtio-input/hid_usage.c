/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* build.exe compiles files of this folder only: stands for the unit of the same name. */
#include "../virtio/protocol/input/hid_usage.c"
