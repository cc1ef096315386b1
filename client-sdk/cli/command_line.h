// Options that several commands share.

#pragma once

#include <CLI/App.hpp>
#include <optional>
#include <string>

#include "cloister/object.h"
#include "cloister/v1/reputation.pb.h"

namespace cloister::cli {

// THING, --kind and --context as they were given.
struct ObjectOptions {
  std::string kind;
  std::string context;

  std::optional<ObjectKind> forced_kind() const;
  Context stated_context() const;
};

void AddKindOption(CLI::App* command, ObjectOptions* options);
void AddContextOption(CLI::App* command, ObjectOptions* options);

void SetObject(const Object& object, v1::Object* message);

// "url example.com/x", or "file invoice.zip" with the digest; printable. `canonical` may be empty.
std::string ObjectText(const std::string& input, const Object& object, bool hashed,
                       const std::string& canonical);

}  // namespace cloister::cli
