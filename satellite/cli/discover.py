import click
from satellite.cli import flags, help
@help.command()
@flags.common
@flags.as_json
@click.pass_context
def discover(context): pass
