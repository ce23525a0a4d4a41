"""The same small stacks as a rekindle project and as a Sceptre project."""

import pathlib
import textwrap

REGION = "eu-central-1"
ACCOUNT = "000000000000"

TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Description: Stack {number} of a measurement
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      MessageRetentionPeriod: {retention}
  DeadLetters:
    Type: AWS::SQS::Queue
  Parameter:
    Type: AWS::SSM::Parameter
    Properties:
      Type: String
      Value: !GetAtt Queue.Arn
Outputs:
  QueueArn:
    Value: !GetAtt Queue.Arn
"""


def unit(number):
    """The name of the unit with this number."""
    return f"unit-{number:04}"


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text))


def write_rekindle(root: pathlib.Path, stacks: int):
    """One template, one unit file for each stack, an aws environment called `sandbox`."""
    write(root / "rekindle.yaml", f"""\
        project: bench
        environments:
          sandbox:
            targets:
              primary: {{provider: aws, account: "{ACCOUNT}", region: {REGION}}}
            protection: disposable
        """)
    write(root / "templates/small/1.0.0/interface.yaml", """\
        kind: stack
        inputs:
          number: {type: integer}
          retention: {type: integer, default: 86400}
        """)
    text = TEMPLATE.format(number="{{ inputs.number }}", retention="{{ inputs.retention }}")
    write(root / "templates/small/1.0.0/template.yaml.tera", text)
    for number in range(stacks):
        write(root / f"stacks/{unit(number)}.yaml", f"""\
            template: small@1.0.0
            class: stateless
            inputs: {{number: {number}}}
            """)


def write_sceptre(root: pathlib.Path, stacks: int):
    """One Jinja template, one config for each stack."""
    write(root / "config/config.yaml", f"project_code: sceptre\nregion: {REGION}\n")
    text = TEMPLATE.format(
        number="{{ sceptre_user_data.number }}", retention="{{ sceptre_user_data.retention }}"
    )
    write(root / "templates/small.yaml.j2", text)
    for number in range(stacks):
        write(root / f"config/{unit(number)}.yaml", f"""\
            template: {{path: small.yaml.j2, type: file}}
            sceptre_user_data: {{number: {number}, retention: 86400}}
            """)
