# SPDX-License-Identifier: MIT OR Apache-2.0
# CMake toolchain file: Windows drivers for amd64 with Debian's mingw-w64.
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(AERO_ARCH amd64)
set(AERO_TRIPLET x86_64-w64-mingw32)
set(CMAKE_C_COMPILER ${AERO_TRIPLET}-gcc)
set(CMAKE_RC_COMPILER ${AERO_TRIPLET}-windres)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
