<?php
require '/usr/share/php/Symfony/Component/Mailer/autoload.php'; require '/usr/share/php/Monolog/autoload.php';
use Symfony\Component\Mailer\Transport; use Symfony\Component\Mailer\Mailer; use Symfony\Component\Mime\Email;
$l=new Monolog\Logger('mailer'); $l->pushHandler(new Monolog\Handler\StreamHandler('php://stderr'));
$t=Transport::fromDsn('smtp://alice:'.$argv[1].'@127.0.0.1:22525?verify_peer=0',null,null,$l);
try { $m=$t->send((new Email())->from('a@lab.test')->to('bob@lab.test')->subject('t')->text("hello\n.dot\n")); echo $m->getDebug(); } catch (Exception $e) { echo $e->getDebug(); echo $e->getMessage(),"\n"; }
