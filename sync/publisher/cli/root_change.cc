#include "sync/publisher/cli/root_change.h"

#include <filesystem>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "storage/files/files.h"
#include "sync/publisher/cli/key_ring.h"
#include "sync/publisher/cli/root_plan.h"
#include "sync/publisher/repository/root_release.h"
#include "sync/trust/limits.h"

namespace cloister::publisher {
namespace {

using trust::Role;

constexpr uint64_t kMaxStagedBytes = 2 << 20;
constexpr uint32_t kPublicFile = 0644;  // public keys and signatures

// The change that waits already, if it comes after the root in force; otherwise an empty one.
absl::StatusOr<trust::Root> RootToEdit(const Repository& repository, const trust::Root& current,
                                       const Console& console, bool commit) {
  const std::string path = repository.staged_root_path();
  absl::StatusOr<StagedRoot> staged = ReadStaged(path);
  if (staged.ok() && staged->next().version == current.version + 1) {
    // Anybody who can write here may have staged it: nobody signs it unseen along with another.
    if (commit) {
      return absl::FailedPreconditionError(absl::StrCat(
          path, ": another change waits there, and would come in force together with this one; ",
          "put it in force first (keys apply), or drop it (keys discard), or use --stage"));
    }
    console.err << "note: this is added to the change that waits in " << path
                << "; it has to be signed again\n";
    return staged->next();
  }
  if (!staged.ok() && !absl::IsNotFound(staged.status())) return staged.status();
  trust::Root next = current;
  ++next.version;
  return next;
}

// The staged root, as if the keys that sign for `role` now did so still.
trust::Root WithKeysOfBoth(const StagedRoot& staged, Role role) {
  trust::Root both = staged.next();
  if (!staged.current().has_value()) return both;
  std::vector<std::string>& ids = both.roles[role].key_ids;
  const std::vector<std::string>& old_ids = staged.current()->roles.at(role).key_ids;
  ids.insert(ids.end(), old_ids.begin(), old_ids.end());
  return both;
}

// Signs with each root key that was given and that counts.
absl::Status SignWith(KeyRing& ring, StagedRoot* staged, const Console& console) {
  absl::StatusOr<std::vector<SigningKey>> keys =
      ring.LoadIfAny(Role::kRoot, WithKeysOfBoth(*staged, Role::kRoot));
  if (!keys.ok()) return keys.status();
  for (const SigningKey& key : *keys) {
    absl::Status signed_it = staged->Sign(key);
    if (absl::IsPermissionDenied(signed_it)) {
      console.err << "note: " << signed_it.message() << "\n";
    } else if (!signed_it.ok() && !absl::IsAlreadyExists(signed_it)) {
      return signed_it;
    }
  }
  return absl::OkStatus();
}

void TellNextSteps(const std::string& path, const Arguments& arguments, const Console& console) {
  console.out << "Staged in " << path
              << ". Until keys apply --commit, nothing changes for anybody.\nNext:\n"
              << "  each holder:  cloister-publish sign-root " << path << " --key KEY\n"
              << "  then here:    cloister-publish keys apply --repository " << arguments.repository
              << " --keys DIR --commit\n";
}

// Signatures of the role keys that the new root needs, old and new.
absl::StatusOr<RoleKeyMap> LoadRoleKeys(const Repository& repository, const StagedRoot& staged,
                                        const Arguments& arguments) {
  RoleKeyMap keys;
  absl::StatusOr<std::vector<Role>> roles = RolesToSignAgain(repository, staged);
  if (!roles.ok()) return roles.status();
  KeyRing ring(arguments.keys);
  for (const Role role : *roles) {
    absl::StatusOr<std::vector<SigningKey>> loaded =
        ring.LoadIfAny(role, WithKeysOfBoth(staged, role));
    if (!loaded.ok()) return loaded.status();
    keys[role] = *std::move(loaded);
  }
  return keys;
}

void TellRelease(const RootRelease& release, std::ostream& out) {
  if (!release.signed_again.empty()) {
    out << "Signed again together with the root: "
        << absl::StrJoin(
               release.signed_again, ", ",
               [](std::string* text, Role role) { absl::StrAppend(text, trust::RoleName(role)); })
        << "\n";
  }
  out << "Files in the order in which they are written:\n";
  for (const FileToPlace& file : release.files) out << "  metadata/" << file.name << "\n";
  if (!release.gapless) {
    out << "The old keys are not there, so a client that looks between the last two writes is\n"
           "refused once, and tries again by itself.\n";
  }
}

}  // namespace

absl::StatusOr<StagedRoot> ReadStaged(const std::string& path) {
  absl::StatusOr<std::string> bytes = storage::ReadFile(path, kMaxStagedBytes);
  if (absl::IsNotFound(bytes.status())) {
    return absl::NotFoundError(absl::StrCat(
        path, ": no change of the root waits there; keys add, rotate and revoke --stage make one"));
  }
  if (!bytes.ok()) return bytes.status();
  absl::StatusOr<StagedRoot> staged = StagedRoot::Parse(*bytes);
  if (staged.ok()) return staged;
  return absl::Status(staged.status().code(), absl::StrCat(path, ": ", staged.status().message()));
}

absl::Status WriteStaged(const StagedRoot& staged, const std::string& path) {
  return storage::WriteFileAtomically(path, staged.ToText(), kPublicFile);
}

absl::Status PutInForce(Repository& repository, const StagedRoot& staged,
                        const Arguments& arguments, const Console& console, bool commit) {
  absl::StatusOr<RoleKeyMap> keys = LoadRoleKeys(repository, staged, arguments);
  if (!keys.ok()) return keys.status();
  absl::StatusOr<RootRelease> release = PlanRootRelease(repository, staged, *keys, console.now);
  if (!release.ok()) return release.status();
  std::ostream& out = arguments.json ? console.err : console.out;
  TellRelease(*release, out);
  if (!commit) {
    out << "Nothing was changed. A root that is published cannot be taken back; add --commit to "
           "publish it.\n";
    return absl::OkStatus();
  }
  if (absl::Status done = CarryOut(repository, *release); !done.ok()) return done;
  // Read back as a client would, before what could repeat it goes.
  absl::StatusOr<Published> published = repository.Load(console.now);
  if (!published.ok()) return published.status();
  std::error_code ignored;
  std::filesystem::remove(repository.staged_root_path(), ignored);
  out << "Root version " << published->root.version << " is in force.\n";
  return absl::OkStatus();
}

absl::Status ChangeRoot(const Arguments& arguments, const Console& console, const RootEdit& edit) {
  absl::StatusOr<std::unique_ptr<Repository>> repository = Repository::Open(arguments.repository);
  if (!repository.ok()) return repository.status();
  absl::StatusOr<Published> published = (*repository)->Load(console.now);
  if (!published.ok()) return published.status();
  absl::StatusOr<std::string> current = NewestRootFile(**repository);
  if (!current.ok()) return current.status();
  absl::StatusOr<trust::Root> next =
      RootToEdit(**repository, published->root, console, arguments.root_change.commit);
  if (!next.ok()) return next.status();
  next->expires =
      console.now + arguments.lifetimes.root.value_or((*repository)->settings().lifetimes.root);
  if (absl::Status edited = edit(&*next); !edited.ok()) return edited;
  absl::StatusOr<StagedRoot> staged =
      StagedRoot::Make((*repository)->settings().feed, *current, *next);
  if (!staged.ok()) return staged.status();
  KeyRing ring(arguments.keys);
  if (absl::Status s = SignWith(ring, &*staged, console); !s.ok()) return s;

  if (arguments.json) {
    console.out << PlanJson(*staged).dump(2) << "\n";
  } else {
    PrintPlan(*staged, console.out);
  }
  if (arguments.root_change.commit) {
    return PutInForce(**repository, *staged, arguments, console, /*commit=*/true);
  }
  std::ostream& out = arguments.json ? console.err : console.out;
  if (!arguments.root_change.stage) {
    out << "Nothing was changed. Add --stage to have it signed by several holders, or --commit "
           "to sign and publish it with the keys given.\n";
    return absl::OkStatus();
  }
  const std::string path = (*repository)->staged_root_path();
  absl::Status written = WriteStaged(*staged, path);
  if (!written.ok()) return written;
  if (!arguments.json) TellNextSteps(path, arguments, console);
  return absl::OkStatus();
}

}  // namespace cloister::publisher
