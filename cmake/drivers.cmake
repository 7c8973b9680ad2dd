# SPDX-License-Identifier: MIT OR Apache-2.0
# Builds Windows drivers with mingw-w64: aero_driver(). Used with one of the toolchain files mingw-<arch>.cmake.
include_guard(GLOBAL)

get_filename_component(AERO_ROOT ${CMAKE_CURRENT_LIST_DIR}/.. ABSOLUTE)
# The folders that portable sources and headers are in.
set(AERO_COMMON ${AERO_ROOT}/drivers/windows/virtio/common)
set(AERO_COMMON7 ${AERO_ROOT}/drivers/windows7/virtio/common)
set(AERO_PCI ${AERO_ROOT}/drivers/windows/virtio/pci-modern)
set(AERO_PROTOCOL ${AERO_ROOT}/drivers/windows/virtio/protocol)

find_package(Python3 REQUIRED COMPONENTS Interpreter)
find_program(AERO_DLLTOOL ${AERO_TRIPLET}-dlltool REQUIRED)
find_program(AERO_OBJCOPY ${AERO_TRIPLET}-objcopy REQUIRED)
execute_process(COMMAND ${CMAKE_C_COMPILER} -print-file-name=include OUTPUT_VARIABLE AERO_COMPILER_INCLUDE
                OUTPUT_STRIP_TRAILING_WHITESPACE)
find_path(AERO_MINGW_INCLUDE ddk/ntddk.h PATHS /usr/share/mingw-w64/include /usr/${AERO_TRIPLET}/include REQUIRED
          NO_CMAKE_FIND_ROOT_PATH)

set(AERO_DRIVER_CFLAGS
    -std=gnu90 -O2 -g -gno-record-gcc-switches
    -Wall -Wextra -Werror -Wshadow -Wundef -Wstrict-prototypes -Wmissing-prototypes -Wdeclaration-after-statement
    -Wframe-larger-than=1024
    -ffreestanding -fno-stack-protector -fno-exceptions -fno-ident -fno-strict-aliasing
    -ffile-prefix-map=${AERO_ROOT}=. -ffile-prefix-map=${CMAKE_BINARY_DIR}=build
    -D_WIN32_WINNT=0x0601 -DWINVER=0x0601 -DNTDDI_VERSION=0x06010000)
set(AERO_DRIVER_LDFLAGS
    -nostdlib -nostartfiles -g
    -Wl,--subsystem,native:6.1 -Wl,--major-os-version,6 -Wl,--minor-os-version,1 -Wl,--dynamicbase -Wl,--nxcompat
    -Wl,--image-base,0x10000 -Wl,--no-insert-timestamp -Wl,--fatal-warnings)
if(AERO_ARCH STREQUAL x86)
  list(APPEND AERO_DRIVER_CFLAGS -march=i686 -mno-sse -mno-mmx -msoft-float -mpreferred-stack-boundary=2
       -fno-asynchronous-unwind-tables)
  list(APPEND AERO_DRIVER_LDFLAGS -Wl,--entry,_DriverEntry@8)
else()
  list(APPEND AERO_DRIVER_LDFLAGS -Wl,--disable-high-entropy-va -Wl,--entry,DriverEntry)
endif()

# The compiler's own calls; never turned into calls of themselves.
add_library(aero_mem OBJECT ${AERO_ROOT}/toolchain/mem.c)
target_compile_options(aero_mem PRIVATE ${AERO_DRIVER_CFLAGS} -fno-builtin -fno-tree-loop-distribute-patterns)

# aero_import_library(NAME): an import library that mingw-w64 lacks, from toolchain/NAME.def.
function(aero_import_library name)
  if(TARGET aero_import_${name})
    return()
  endif()
  set(definitions ${AERO_ROOT}/toolchain/${name}.def)
  # Relative names: dlltool makes symbols of the library's path, which would differ from build folder to build folder.
  set(library lib${name}.a)
  if(AERO_ARCH STREQUAL x86)
    set(make_library ${AERO_DLLTOOL} -m i386 -k -d ${definitions} -l ${library})
  else()
    set(make_library sed "s/@[0-9]*$//" ${definitions} > ${name}.def
        COMMAND ${AERO_DLLTOOL} -m i386:x86-64 -d ${name}.def -l ${library})
  endif()
  add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/${library} COMMAND ${make_library} DEPENDS ${definitions} VERBATIM
                     WORKING_DIRECTORY ${CMAKE_BINARY_DIR} COMMENT "Import library ${name} (${AERO_ARCH})")
  add_custom_target(aero_import_${name} DEPENDS ${CMAKE_BINARY_DIR}/${library})
endfunction()

# A section name of more than 8 characters (.eh_frame, from libgcc's 64-bit division on x86) would leave a string table
# behind the last section, where a signature belongs: so it is renamed.
#
# aero_driver(NAME [KMDF] SOURCES files... INCLUDES folders... [RESOURCE file.rc] IMPORTS libraries...)
#
# NAME.sys, stripped and finished, with its symbols in NAME.sys.debug, into AERO_OUTPUT/<arch>. IMPORTS: those with a .def in
# toolchain/ come from there, others from mingw-w64. KMDF: with the stub that binds the driver to the framework.
function(aero_driver name)
  cmake_parse_arguments(D "KMDF" "RESOURCE" "SOURCES;INCLUDES;IMPORTS" ${ARGN})
  if(D_KMDF)
    list(APPEND D_SOURCES ${AERO_ROOT}/toolchain/wdf_entry.c)
    list(APPEND D_IMPORTS wdfldr)
  endif()
  set(target ${name}-linked)
  add_executable(${target} ${D_SOURCES} ${D_RESOURCE} $<TARGET_OBJECTS:aero_mem>)
  set_target_properties(${target} PROPERTIES OUTPUT_NAME ${name} SUFFIX .linked.sys)
  target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:C>:${AERO_DRIVER_CFLAGS}>)
  target_include_directories(${target} PRIVATE ${D_INCLUDES} ${AERO_ROOT}/drivers/windows/ddk)
  target_include_directories(${target} SYSTEM PRIVATE ${AERO_MINGW_INCLUDE}/ddk)
  target_link_options(${target} PRIVATE ${AERO_DRIVER_LDFLAGS} -Wl,-Map,${CMAKE_BINARY_DIR}/${name}.map)
  if(D_KMDF)
    target_link_options(${target} PRIVATE -Wl,--entry,$<IF:$<STREQUAL:${AERO_ARCH},x86>,_FxDriverEntry@8,FxDriverEntry>)
  endif()
  target_link_directories(${target} PRIVATE ${CMAKE_BINARY_DIR})
  foreach(import ${D_IMPORTS})
    if(EXISTS ${AERO_ROOT}/toolchain/${import}.def)
      aero_import_library(${import})
      add_dependencies(${target} aero_import_${import})
    endif()
    target_link_libraries(${target} PRIVATE -l${import})
  endforeach()
  target_link_libraries(${target} PRIVATE -lgcc)

  set(out ${AERO_OUTPUT}/${AERO_ARCH})
  add_custom_command(
    OUTPUT ${out}/${name}.sys ${out}/${name}.sys.debug
    COMMAND ${CMAKE_COMMAND} -E make_directory ${out}
    COMMAND ${AERO_OBJCOPY} --only-keep-debug $<TARGET_FILE:${target}> ${out}/${name}.sys.debug
    COMMAND ${AERO_OBJCOPY} --strip-all --rename-section .eh_frame=.ehframe $<TARGET_FILE:${target}> ${out}/${name}.sys
    COMMAND ${Python3_EXECUTABLE} ${AERO_ROOT}/toolchain/finish_pe.py ${out}/${name}.sys ${out}/${name}.sys.debug
    DEPENDS ${target} ${AERO_ROOT}/toolchain/finish_pe.py
    COMMENT "Driver ${AERO_ARCH}/${name}.sys" VERBATIM)
  add_custom_target(${name} ALL DEPENDS ${out}/${name}.sys ${out}/${name}.sys.debug)
endfunction()
