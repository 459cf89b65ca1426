# SPDX-License-Identifier: Apache-2.0
# Flags of every target and the ways to declare one.

set(ZURT_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wvla)
if(ZURT_WERROR)
  list(APPEND ZURT_WARNINGS -Werror)
endif()

# No contraction: a fused multiply-add would make results depend on the machine.
set(ZURT_FLAGS -ffp-contract=off -fno-math-errno -fno-trapping-math)
if(ZURT_SANITIZE)
  list(APPEND ZURT_FLAGS -fsanitize=${ZURT_SANITIZE} -fno-sanitize-recover=all
       -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${ZURT_SANITIZE})
endif()
if(NOT ZURT_SANITIZE) # a sanitizer's own functions come with the program
  string(APPEND CMAKE_SHARED_LINKER_FLAGS " -Wl,-z,defs")
endif()
if(ZURT_BUILD_FUZZERS)
  list(APPEND ZURT_FLAGS -fsanitize=fuzzer-no-link)
endif()

# zurt_module(NAME SOURCES...): one folder of a library, as an object library.
function(zurt_module name)
  add_library(${name} OBJECT ${ARGN})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/runtime
                             ${PROJECT_SOURCE_DIR}/runtime/include)
  target_compile_options(${name} PRIVATE ${ZURT_WARNINGS} ${ZURT_FLAGS})
  target_compile_definitions(${name} PRIVATE _POSIX_C_SOURCE=200809L _FILE_OFFSET_BITS=64)
endfunction()

# zurt_library(TARGET NODE): what a library that others link has: the soname is that of the ABI, and
# so is the version NODE_n of its symbols, which are those of the public headers.
function(zurt_library target node)
  set(node ${node}_${ZURT_ABI})
  set(script ${CMAKE_CURRENT_BINARY_DIR}/${target}.map)
  file(CONFIGURE OUTPUT ${script} CONTENT "@node@ { global: zurt_*; local: *; };\n" @ONLY)
  get_target_property(type ${target} TYPE)
  if(type STREQUAL SHARED_LIBRARY)
    target_link_options(${target} PRIVATE LINKER:--version-script=${script})
    set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS ${script})
  endif()
  set_target_properties(${target} PROPERTIES VERSION ${ZURT_ABI}.${PROJECT_VERSION}
                        SOVERSION ${ZURT_ABI} LINKER_LANGUAGE C)
endfunction()

# zurt_objects(NAME SOURCES...): what several programs share, as an object library.
function(zurt_objects name)
  add_library(${name} OBJECT ${ARGN})
  target_compile_options(${name} PRIVATE ${ZURT_WARNINGS} ${ZURT_FLAGS})
  target_compile_definitions(${name} PRIVATE _POSIX_C_SOURCE=200809L _FILE_OFFSET_BITS=64)
endfunction()

# zurt_program(NAME SOURCES...): an executable with the project's flags.
function(zurt_program name)
  add_executable(${name} ${ARGN})
  target_compile_options(${name} PRIVATE ${ZURT_WARNINGS} ${ZURT_FLAGS})
  target_compile_definitions(${name} PRIVATE _POSIX_C_SOURCE=200809L _FILE_OFFSET_BITS=64)
endfunction()
