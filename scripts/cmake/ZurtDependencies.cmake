# SPDX-License-Identifier: Apache-2.0
# Everything from outside, found once. Why each is used: docs/dependencies.md.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(PROTOBUF_C REQUIRED IMPORTED_TARGET libprotobuf-c)
pkg_check_modules(JPEG REQUIRED IMPORTED_TARGET libjpeg)
pkg_check_modules(PNG REQUIRED IMPORTED_TARGET libpng)
find_program(PROTOC_C protoc-c REQUIRED)
if(ZURT_BUILD_COMPILER)
  pkg_check_modules(CJSON REQUIRED IMPORTED_TARGET libcjson)
  # In a cross build the target's; -DONNX_PROTO_DIR= names another folder.
  find_path(ONNX_PROTO_DIR onnx/onnx.proto REQUIRED)
endif()
if(ZURT_BUILD_APPS OR ZURT_BUILD_TESTS)
  pkg_check_modules(ZLIB REQUIRED IMPORTED_TARGET zlib)
endif()
if(ZURT_BUILD_TESTS)
  pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
endif()
