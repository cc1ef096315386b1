// cloister lookup THING...

#include <istream>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client-sdk/cli/answer_text.h"
#include "client-sdk/cli/command_line.h"
#include "client-sdk/cli/commands.h"
#include "client-sdk/cli/things.h"

namespace cloister::cli {
namespace {

// Lines of standard input asked about in one go.
constexpr size_t kLinesAtOnce = 10'000;

constexpr char kMore[] =
    "THING is a file (which is hashed), a digest (SHA-256, SHA-1, MD5), URL, host, IP address,\n"
    "package URL or signer:THUMBPRINT; what it was taken for stands in the answer. Defanged text\n"
    "(hxxp, [.], [dot], [:]) is understood. \"-\" reads one from each line of standard input;\n"
    "empty lines and lines that begin with \"#\" are passed over.\n";

struct LookupArguments {
  std::vector<std::string> things;
  ObjectOptions object;
};

class LookupCommand {
 public:
  LookupCommand(Session* session, const LookupArguments& arguments)
      : session_(session),
        kind_(arguments.object.forced_kind()),
        options_{session->timeout(), arguments.object.stated_context()} {}

  ExitCode Run(const std::vector<std::string>& things) {
    ExitCode code = ExitCode::kOk;
    client_ = session_->Connect(&code);
    if (client_ == nullptr) return code;
    for (const std::string& thing : things) {
      if (thing == "-") {
        AskLines();
      } else {
        AskOne(thing);
      }
    }
    if (session_->options().json()) {
      session_->out() << ToText({{"answers", std::move(answers_)}});
    }
    return code_;
  }

 private:
  void AskOne(const std::string& input) {
    const absl::StatusOr<Thing> thing = ReadThing(input, kind_);
    if (!thing.ok()) return Refuse(input, thing.status());
    const Answer answer = client_->Lookup(thing->object, options_);
    if (answer.status == AnswerStatus::kError && !session_->options().json()) {
      code_ = Graver(code_, session_->Fail({answer.error, answer.error_message}));
      return;
    }
    Report(*thing, answer, /*in_one_line=*/false);
  }

  void AskLines() {
    std::vector<std::string> lines;
    std::string line;
    while (std::getline(session_->in(), line)) {
      if (!line.empty() && line.back() == '\r') line.pop_back();
      if (line.empty() || line.front() == '#') continue;
      lines.push_back(std::move(line));
      if (lines.size() == kLinesAtOnce) AskBatch(std::exchange(lines, {}));
    }
    AskBatch(lines);
  }

  void AskBatch(const std::vector<std::string>& inputs) {
    std::vector<absl::StatusOr<Thing>> things;
    std::vector<Object> objects;
    for (const std::string& input : inputs) {
      things.push_back(ReadThing(input, kind_));
      if (things.back().ok()) objects.push_back(things.back()->object);
    }
    const std::vector<Answer> answers = client_->BatchLookup(objects, options_);
    size_t next = 0;
    for (size_t i = 0; i < things.size(); ++i) {
      if (!things[i].ok()) {
        Refuse(inputs[i], things[i].status());
      } else if (next < answers.size()) {
        Report(*things[i], answers[next++], /*in_one_line=*/true);
      }
    }
    if (next != objects.size()) {
      code_ = Graver(code_, session_->Fail(ExitCode::kFailed, "not enough memory for the answers"));
    }
  }

  // Something that cannot be asked about.
  void Refuse(const std::string& input, const absl::Status& status) {
    code_ = Graver(code_, ExitCode::kUsage);
    if (!session_->options().json()) {
      session_->Fail(ExitCode::kUsage, status.message());
      return;
    }
    Answer answer;
    answer.error = ErrorKind::kInvalidArgument;
    answer.error_message = std::string(status.message());
    answers_.push_back(JsonOf(input, "", answer));
  }

  void Report(const Thing& thing, const Answer& answer, bool in_one_line) {
    code_ = Graver(code_, answer.status == AnswerStatus::kError
                              ? session_->CodeFor({answer.error, answer.error_message})
                              : ExitCodeFor(answer));
    const std::string_view kind = Name(thing.object.kind);
    if (session_->options().json()) {
      answers_.push_back(JsonOf(thing.input, {kind.data(), kind.size()}, answer));
      return;
    }
    const std::string object =
        ObjectText(thing.input, thing.object, thing.hashed, answer.canonical);
    if (in_one_line) {
      PrintAnswerLine(session_->terminal(), object, answer);
    } else {
      PrintAnswer(session_->terminal(), object, answer);
    }
  }

  Session* const session_;
  const std::optional<ObjectKind> kind_;
  const LookupOptions options_;
  std::unique_ptr<Client> client_;
  ExitCode code_ = ExitCode::kOk;
  Json answers_ = Json::array();
};

}  // namespace

void AddLookup(CLI::App* app, Session* session) {
  auto arguments = std::make_shared<LookupArguments>();
  CLI::App* command = app->add_subcommand("lookup", "Ask about files, URLs, hosts, addresses …");
  command->footer(absl::StrCat(kMore, command->get_footer()));
  command->add_option("THING", arguments->things, "what to ask about")
      ->type_name("FILE|TEXT")
      ->required();
  AddKindOption(command, &arguments->object);
  AddContextOption(command, &arguments->object);
  command->callback([session, arguments] {
    session->command = [session, arguments] {
      return LookupCommand(session, *arguments).Run(arguments->things);
    };
  });
}

}  // namespace cloister::cli
