#include "sync/publisher/cli/commands.h"
#include "sync/publisher/signing/key_directory.h"

namespace cloister::publisher {

absl::Status RunKeysCreate(const Arguments& arguments, const Console& console) {
  absl::StatusOr<std::vector<std::string>> paths = CreateKeys(arguments.keys, arguments.root_keys);
  if (!paths.ok()) return paths.status();
  for (const std::string& path : *paths) console.out << path << "\n";
  console.out
      << "Keep the root key where this machine cannot read it: only init and renew-root need it.\n";
  return absl::OkStatus();
}

}  // namespace cloister::publisher
